import { assert } from '../kernel/index.ts';
import type { LiveCore } from './live-core.ts';
import type { Live } from './types.ts';

const cores = new WeakMap<Live, LiveCore>();

export const keepCore = (live: Live, core: LiveCore): Live => {
  cores.set(live, core);
  return live;
};

/** The tables of a live state: for what replaces or compares whole states. */
export const coreOf = (live: Live): LiveCore => {
  const core = cores.get(live);
  assert(core, 'this live state was not opened by openLive');
  return core;
};
