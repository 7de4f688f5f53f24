import { buildHistory } from './build-history.ts';
import { buildLive } from './build-live.ts';
import { takeInHistory } from './take-in-history.ts';
import { takeInLive } from './take-in-live.ts';
import type { RebuiltModel } from './types.ts';

/** Every read model that can be made anew. Another one is another entry. */
export const rebuiltModels: readonly RebuiltModel[] = [
  {
    name: 'history',
    folder: 'history',
    about: 'chunks, minute roll-ups and the timeline of connection status; what is older than the log is taken over',
    build: buildHistory,
    takeIn: takeInHistory,
  },
  {
    name: 'live',
    folder: 'live',
    about: 'latest values and connection status; what is older than the log comes from history',
    build: buildLive,
    takeIn: takeInLive,
  },
];

export const rebuiltModel = (name: string): RebuiltModel | undefined => rebuiltModels.find((model) => model.name === name);
