export { openJournal } from './open-journal.ts';
export { type JournalLimits, type JournalOptions, journalLimits } from './options.ts';
