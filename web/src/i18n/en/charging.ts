/** Sentences about charging sessions. */
export default {
  list: 'Charging sessions',
  loading: 'Loading the charging sessions',
  none: 'No charging yet',
  noneText:
    'A session appears here when the battery level rises while the vehicle stands, or when the vehicle says that it charges.',
  more: 'Show earlier sessions',
  all: 'All charging sessions',
  running: 'charging',
  since: 'since {time}',
  added: '{energy} added',
  levelAdded: '{level} added',
  modelled: 'modelled',
  peak: 'peak {power}',
  levels: '{from} → {to}',
  figures: { added: 'Energy added', level: 'Battery', peak: 'Peak power', duration: 'Duration', where: 'Where' },
  source: { measured: 'measured', modelled: 'modelled from the battery level' },
  packUnknown: 'The size of the battery is not known, so the energy cannot be told.',
  curve: 'Battery level',
  power: 'Power',
} as const;
