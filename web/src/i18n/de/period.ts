/** Einen Zeitraum wählen. */
export default {
  label: 'Zeitraum',
  any: 'Jederzeit',
  '1h': 'Letzte Stunde',
  '24h': 'Letzte 24 Stunden',
  '7d': 'Letzte 7 Tage',
  '30d': 'Letzte 30 Tage',
  custom: 'Von … bis …',
  from: 'Von',
  to: 'Bis',
} as const;
