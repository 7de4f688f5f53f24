export { openJournal } from './open-journal.ts';
export { type JournalLimits, type JournalOptions, journalLimits } from './options.ts';
export { journalExtents, journalNotes, type JournalExtent } from './backup-files.ts';
export { JournalReader } from './journal-reader.ts';
