import type { SystemView } from '@milepost/contract/api';

/** A read model that is further behind than that does not keep up; a moment of work is no lag. */
export const behindMsMin = 10_000;
/** Within that the operator should have done something about the disk. */
export const daysLeftMin = 14;

/** In one word, the worst first. */
export type SystemWord = 'broken' | 'refusing' | 'starting' | 'behind' | 'fine';

export const lagOf = ({ readModels }: Pick<SystemView, 'readModels'>): number =>
  readModels.reduce((most, { lagMs }) => Math.max(most, lagMs), 0);

/** Parts that do not work, without those that have a word of their own. */
export const brokenParts = ({ parts }: Pick<SystemView, 'parts'>): string[] =>
  parts.filter(({ name, isReady }) => !isReady && name !== 'log' && name !== 'read models').map(({ name }) => name);

export const wordOf = (system: Pick<SystemView, 'parts' | 'log' | 'readModels'>): SystemWord => {
  if (brokenParts(system).length > 0) return 'broken';
  if (system.log.isRefusing !== null) return 'refusing';
  if (system.readModels.some(({ isCaughtUp }) => !isCaughtUp)) return 'starting';
  return lagOf(system) > behindMsMin ? 'behind' : 'fine';
};

/** What of the log a read model has not applied yet, in what offsets count. */
export const behindOf = ({ positions }: SystemView['readModels'][number]): number =>
  positions.reduce((sum, { offset, endOffset }) => sum + Math.max(0, endOffset - offset), 0);

/** Something that somebody should look at; what to do about it stands in `<name>Act`. */
export interface Attention {
  readonly name: 'deadLetters' | 'unknown' | 'flushFailures' | 'clock' | 'diskSoon';
  readonly count: number;
}

export const attentionOf = ({ deadLetters, unknownVehicles, history, clockSteps, disk }: SystemView): Attention[] => {
  const isSoon = disk.daysLeft !== null && disk.daysLeft < daysLeftMin;
  const all: Attention[] = [
    { name: 'diskSoon', count: isSoon ? 1 : 0 },
    { name: 'deadLetters', count: deadLetters.count + deadLetters.unwritten },
    { name: 'unknown', count: unknownVehicles },
    { name: 'flushFailures', count: history?.flushFailures ?? 0 },
    { name: 'clock', count: clockSteps },
  ];
  return all.filter(({ count }) => count > 0);
};
