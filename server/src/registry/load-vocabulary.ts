import { createHash } from 'node:crypto';
import {
  coreSignals,
  makeVocabulary,
  type SignalDefinition,
  signalNumberMax,
  userSignalNumberMin,
  type Vocabulary,
} from '@milepost/contract';
import { sql } from 'kysely';
import { CallerError, invalidField } from '../kernel/index.ts';
import { type Storage, systemActor, type Transaction } from '../storage/index.ts';
import { type OverlaySignal, readOverlay } from './read-overlay.ts';

const actor = systemActor('vocabulary');
/** Arbitrary, fixed: one process at a time gives numbers. */
const vocabularyLock = 7_101_968_003;

/** The same text for the same definition, in whatever order its keys came. */
const canonical = (signal: SignalDefinition): string => JSON.stringify(signal, Object.keys(signal).sort());

const readUserSignals = async (tx: Transaction): Promise<SignalDefinition[]> => {
  const { rows } = await sql<{ definition: SignalDefinition }>`select definition from user_signals order by number`.execute(tx);
  return rows.map((row) => row.definition);
};

const describeMeaning = ({ kind, unit, perUnit, values }: OverlaySignal): string =>
  [kind, unit && `in ${unit}`, perUnit !== 1 && `${perUnit} steps a unit`, values && `words ${values.join(', ')}`]
    .filter(Boolean)
    .join(', ');

/** What stored bytes are read by. The words of an enum may only grow at their end. */
const hasSameMeaning = (stored: SignalDefinition, wanted: OverlaySignal): boolean =>
  stored.kind === wanted.kind &&
  stored.unit === wanted.unit &&
  stored.perUnit === wanted.perUnit &&
  (stored.values ?? []).every((word, i) => wanted.values?.[i] === word);

/**
 * Gives numbers to new signals and takes over changes of those that are there. Pure. A signal whose meaning would change
 * is refused: it has to become another path.
 */
export const mergeOverlay = (stored: readonly SignalDefinition[], overlay: readonly OverlaySignal[]): SignalDefinition[] => {
  const byPath = new Map(stored.map((signal) => [signal.path, signal]));
  let next = stored.reduce((highest, signal) => Math.max(highest, signal.number), userSignalNumberMin - 1) + 1;
  for (const wanted of overlay) {
    const present = byPath.get(wanted.path);
    if (present && !hasSameMeaning(present, wanted)) {
      throw invalidField(
        wanted.path,
        describeMeaning(wanted),
        `${describeMeaning(present)}, because values are stored so under number ${present.number}; give the new one another path`,
      );
    }
    if (!present && next > signalNumberMax)
      throw new CallerError('invalid_field', 'no number is left for another signal', { field: wanted.path });
    byPath.set(wanted.path, { ...wanted, number: present?.number ?? next++ });
  }
  return [...byPath.values()];
};

const writeSignals = async (tx: Transaction, signals: readonly SignalDefinition[]): Promise<void> => {
  for (const signal of signals) {
    await sql`insert into user_signals (number, path, kind, unit, per_unit, words, definition)
      values (${signal.number}, ${signal.path}, ${signal.kind}, ${signal.unit}, ${signal.perUnit}, ${signal.values ?? null}, ${JSON.stringify(signal)}::jsonb)
      on conflict (number) do update set path = excluded.path, kind = excluded.kind, unit = excluded.unit, per_unit = excluded.per_unit,
        words = excluded.words, definition = excluded.definition`.execute(tx);
  }
};

/** Answers the version of this set of signals; a set that is new gets the next one. */
const writeVersion = async (tx: Transaction, signals: readonly SignalDefinition[]): Promise<number> => {
  const text = `[${signals.map(canonical).join(',')}]`;
  const digest = createHash('sha256').update(text).digest();
  const { rows } = await sql<{ version: number; digest: Buffer }>`select version, digest from vocabulary_versions
    order by version desc limit 1`.execute(tx);
  const latest = rows[0];
  if (latest?.digest.equals(digest)) return latest.version;
  const version = (latest?.version ?? 0) + 1;
  await sql`insert into vocabulary_versions values (${version}, now(), ${digest}, ${text}::jsonb)`.execute(tx);
  return version;
};

/**
 * The core signals and those of users. Without an overlay: those that earlier ones added. A signal that leaves the overlay stays,
 * because its number is in stored data. Throws `invalid_field` when the overlay cannot be used.
 */
export const loadVocabulary = (storage: Storage, overlayText: string | undefined): Promise<Vocabulary> => {
  const overlay = overlayText === undefined ? [] : readOverlay(overlayText);
  return storage.withActor(actor, async (tx) => {
    await sql`select pg_advisory_xact_lock(${vocabularyLock})`.execute(tx);
    const stored = await readUserSignals(tx);
    const merged = mergeOverlay(stored, overlay);
    const before = new Map(stored.map((signal) => [signal.number, canonical(signal)]));
    await writeSignals(
      tx,
      merged.filter((signal) => before.get(signal.number) !== canonical(signal)),
    );
    const version = await writeVersion(tx, [...coreSignals, ...merged]);
    return makeVocabulary(version, merged);
  });
};
