/** Choosing a period of time. */
export default {
  label: 'Period',
  any: 'Any time',
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  custom: 'From … to …',
  from: 'From',
  to: 'To',
} as const;
