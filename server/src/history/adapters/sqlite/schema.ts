import type { DatabaseSync } from 'node:sqlite';

/** 'MPst' and 'MPmo': what kind of file it is. */
export const storeApplicationId = 0x4d507374;
export const monthApplicationId = 0x4d506d6f;
export const schemaVersion = 3;

export const storeSchema = `
  CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  -- Written after the chunks of a flush are in their files.
  CREATE TABLE applied (partition INTEGER PRIMARY KEY, applied_offset REAL NOT NULL, complete_to INTEGER NOT NULL) STRICT;
  CREATE TABLE month_file (bucket INTEGER NOT NULL, part INTEGER NOT NULL, chunks INTEGER NOT NULL, rows INTEGER NOT NULL,
    PRIMARY KEY (bucket, part)) WITHOUT ROWID, STRICT;
`;

/** Made by every writer, so that an older store gets it too: whoever does not claim does not look at it. */
export const claimSchema = `CREATE TABLE IF NOT EXISTS claim (partition INTEGER PRIMARY KEY, epoch INTEGER NOT NULL) STRICT`;

/**
 * `flushed` holds blocks of chunks in the order of writing, not by vehicle: a flush appends pages instead of rewriting one for each vehicle.
 * Its id is flush_no << 43 | vehicle_no << 12 | ordinal, of the first chunk in the block; the ordinal counts the chunks of a vehicle.
 * `chunk` holds merged chunks, and the rare flushed ones past the last ordinal. A chunk with roll-ups lies in two columns, so that they
 * are read without the rest: `start` ends before its value columns, `bytes` is what follows. Of others `start` is empty.
 */
export const monthSchema = `
  CREATE TABLE flush (flush_no INTEGER PRIMARY KEY, partition INTEGER NOT NULL, from_offset REAL NOT NULL,
    end_offset REAL NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, complete_to INTEGER NOT NULL, chunks INTEGER NOT NULL,
    rows INTEGER NOT NULL, vehicle_max INTEGER NOT NULL, UNIQUE (partition, from_offset)) STRICT;
  CREATE TABLE flushed (id INTEGER PRIMARY KEY, block BLOB NOT NULL) STRICT;
  CREATE TABLE chunk (id INTEGER PRIMARY KEY, vehicle_no INTEGER NOT NULL, first_offset REAL NOT NULL, level INTEGER NOT NULL,
    from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, end_offset REAL NOT NULL, rows INTEGER NOT NULL, has_moved INTEGER NOT NULL,
    start BLOB NOT NULL, bytes BLOB NOT NULL,
    UNIQUE (vehicle_no, first_offset, level)) STRICT;
  CREATE TABLE merged (one INTEGER PRIMARY KEY CHECK (one = 1), chunks INTEGER NOT NULL, rows INTEGER NOT NULL, swept TEXT NOT NULL) STRICT;
  INSERT INTO merged (one, chunks, rows, swept) VALUES (1, 0, 0, '');
  CREATE TABLE status (vehicle_no INTEGER NOT NULL, at INTEGER NOT NULL, to_status INTEGER NOT NULL, from_status INTEGER NOT NULL,
    reason INTEGER NOT NULL, PRIMARY KEY (vehicle_no, at, to_status)) WITHOUT ROWID, STRICT;
  CREATE INDEX status_by_time ON status (at);
  CREATE TABLE applied (partition INTEGER PRIMARY KEY, applied_offset REAL NOT NULL) STRICT;
`;

/**
 * Made by every writer that opens a month, so that an older file gets them too: readers find the same without them, only slower. What is
 * not merged and yet in `chunk` is rare.
 */
export const monthIndexes = `
  CREATE INDEX IF NOT EXISTS chunk_by_time ON chunk (vehicle_no, from_ms, to_ms, first_offset) WHERE level > 0;
  CREATE INDEX IF NOT EXISTS chunk_not_merged ON chunk (vehicle_no) WHERE level = 0;
`;

const from1to2 = `
  ALTER TABLE flush RENAME TO flush_1;
  CREATE TABLE flush (flush_no INTEGER PRIMARY KEY, partition INTEGER NOT NULL, from_offset REAL NOT NULL,
    end_offset REAL NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, complete_to INTEGER NOT NULL, chunks INTEGER NOT NULL,
    rows INTEGER NOT NULL, vehicle_max INTEGER NOT NULL, UNIQUE (partition, from_offset)) STRICT;
  INSERT INTO flush SELECT flush_no, partition, from_offset, end_offset, from_ms, to_ms, to_ms, -1, 0, 0 FROM flush_1;
  DROP TABLE flush_1;
  ALTER TABLE chunk ADD COLUMN rows INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chunk ADD COLUMN has_moved INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE merged (one INTEGER PRIMARY KEY CHECK (one = 1), chunks INTEGER NOT NULL, rows INTEGER NOT NULL, swept TEXT NOT NULL) STRICT;
  INSERT INTO merged (one, chunks, rows, swept) VALUES (1, 0, 0, '');
`;
const from2to3 = `
  ALTER TABLE chunk ADD COLUMN start BLOB NOT NULL DEFAULT x'';
`;

/** By the version a file has: how it becomes one of this version. Version 1 had no merged chunks; the figures of its flushes are filled in by `MonthFile`. */
export type Upgrades = Readonly<Record<number, string>>;
export const monthUpgrades: Upgrades = { 1: from1to2 + from2to3, 2: from2to3 };
/** Its tables are those of the first version. */
export const storeUpgrades: Upgrades = { 1: '', 2: '' };

/**
 * Versions of a file that another process or an older server wrote are checked before anything else is read. The version is read first: its
 * writer may make the tables between the two reads, in one commit, so that a version above 0 has its application id, not the other way round.
 */
export const fileVersion = (db: DatabaseSync): { readonly applicationId: number; readonly version: number } => {
  const version = Number((db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version);
  const applicationId = Number((db.prepare('PRAGMA application_id').get() as { application_id: number }).application_id);
  return { applicationId, version };
};

export const createSchema = (db: DatabaseSync, applicationId: number, schema: string): void => {
  db.exec(`BEGIN; ${schema}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
};
