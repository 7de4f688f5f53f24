import type { PossessionDirectory } from '../registry/index.ts';
import type { PrivateSource } from './private-periods.ts';

/** Who reads, as far as it decides what may be read. */
export interface Reader {
  /** null: the bearer of the operator token. */
  readonly personNo: number | null;
  /** Works for the platform: sees all, but for what private owners keep to themselves. */
  readonly isStaff: boolean;
  /** Customers whose vehicles the reader sees. */
  readonly customerNos: readonly number[];
}

/** What scopes are made of: all of it in memory. */
export interface ScopeSources {
  readonly possession: PossessionDirectory;
  readonly drivers: PrivateSource;
  readonly clock: { now(): number };
}

/** Versions of possession and of private periods as one number that grows with either. Each stays below 2^26 for many years. */
const versionsMax = 2 ** 26;

export const versionOf = ({ possession, drivers }: Pick<ScopeSources, 'possession' | 'drivers'>): number =>
  possession.version() * versionsMax + drivers.privateVersion();

export const changedSince = (
  { possession, drivers }: Pick<ScopeSources, 'possession' | 'drivers'>,
  version: number,
): readonly number[] | undefined => {
  const held = possession.changedSince(Math.floor(version / versionsMax));
  const hidden = drivers.privateChangedSince(version % versionsMax);
  return held && hidden && [...held, ...hidden];
};
