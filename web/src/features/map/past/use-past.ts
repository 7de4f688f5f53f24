import type { VehicleItem } from '@milepost/contract/api';
import { computed, type ComputedRef, onBeforeUnmount, type Ref, ref, shallowRef, watch } from 'vue';
import { ApiError, api } from '../../../api/client.ts';
import { useNow } from '../../../components/use-now.ts';
import type { FleetVehicle } from '../fleet-vehicle.ts';
import { PastFleet } from './past-fleet.ts';
import { decodePastFrame, type PastFrame } from './past-frame.ts';
import { PastFrames } from './past-frames.ts';
import { PastPlayer, type Speed, speedDefault } from './playback.ts';
import { readMoment, writeMoment } from './time-window.ts';

/** The address follows the slider when it rests for so long, and while the past is played this often. */
const addressRestMs = 250;
const addressPlayMs = 2000;
/** Later than this is now: the server's answers about the newest seconds are the stream's. */
const presentMs = 2000;
/** After a pause of the page, as in a hidden tab, time goes on from where it was. */
const elapsedMsMax = 500;
/** Names of vehicles that have left the fleet are read for at most so many. */
const namelessMax = 100;

export interface PastParts {
  /** `t` of the address; empty: now. */
  readonly address: Ref<string>;
  /** Longer silences are gaps, ms. */
  readonly gapMs: () => number;
  readonly itemOf: (id: string) => VehicleItem | undefined;
  readonly isMotionWanted: () => boolean;
}

export interface Past {
  /** What is asked for; null: now. */
  readonly atMs: Readonly<Ref<number | null>>;
  /** What is shown; undefined: nothing of the past yet. */
  readonly shownMs: Readonly<Ref<number | undefined>>;
  readonly isPast: ComputedRef<boolean>;
  /** Grows when vehicles were changed. */
  readonly revision: Readonly<Ref<number>>;
  readonly isPlaying: Readonly<Ref<boolean>>;
  readonly isWaiting: Readonly<Ref<boolean>>;
  readonly speed: Ref<Speed>;
  readonly problem: Readonly<Ref<ApiError | undefined>>;
  list(): readonly FleetVehicle[];
  find(id: string): FleetVehicle | undefined;
  /** Goes to a moment, null: to now. Playing ends. */
  seek(atMs: number | null): void;
  togglePlay(): void;
  /** The moment that is drawn, between two frames too. */
  clockMs(): number;
}

const fetchFrame = async (atMs: number, idsBefore: readonly string[]): Promise<PastFrame> =>
  decodePastFrame(await api.fleetFrame(atMs), idsBefore);

/** Reads names of vehicles that are not in today's fleet, each once. */
const makeNames = (fleet: () => PastFleet, known: Map<string, VehicleItem>, changed: () => void) => {
  const asked = new Set<string>();
  return async (): Promise<void> => {
    const ids = fleet()
      .nameless()
      .filter((id) => !asked.has(id));
    for (const id of ids.slice(0, namelessMax - asked.size)) {
      asked.add(id);
      try {
        const { latest: _, devices: __, ...detail } = await api.vehicle(id);
        known.set(id, { ...detail, energyPercent: null, rangeKm: null, speedKmh: null });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error; // It goes without a name.
      }
    }
    if (ids.length === 0) return;
    fleet().rename();
    changed();
  };
};

/** The address and the slider say the same. */
const followAddress = (
  address: Ref<string>,
  atMs: Ref<number | null>,
  isPlaying: Ref<boolean>,
  seek: (ms: number | null) => void,
) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const text = (): string => (atMs.value === null ? '' : writeMoment(atMs.value));
  watch(atMs, () => {
    if (!isPlaying.value) clearTimeout(timer);
    else if (timer !== undefined) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        if (address.value !== text()) address.value = text();
      },
      isPlaying.value ? addressPlayMs : addressRestMs,
    );
  });
  watch(address, (now) => {
    if (timer === undefined && now !== text()) seek(readMoment(now) ?? null);
  });
  return () => clearTimeout(timer);
};

const makeState = (atMs: number | null) => ({
  atMs: ref(atMs),
  shownMs: ref<number | undefined>(),
  revision: ref(0),
  isPlaying: ref(false),
  isWaiting: ref(false),
  speed: ref<Speed>(speedDefault),
  problem: shallowRef<ApiError | undefined>(),
});
type State = ReturnType<typeof makeState>;

/** Frames, and the fleet as one of them has it. */
const makeScene = (state: State, { gapMs, itemOf, isMotionWanted }: PastParts, nowMs: () => number) => {
  const gone = new Map<string, VehicleItem>();
  const fleet = new PastFleet((id) => itemOf(id) ?? gone.get(id));
  const readNames = makeNames(
    () => fleet,
    gone,
    () => state.revision.value++,
  );
  const show = (frame: PastFrame, next?: PastFrame): void => {
    fleet.show(frame, next, { gapMs: gapMs(), isMotionWanted: isMotionWanted() });
    state.shownMs.value = frame.atMs;
    state.revision.value++;
    void readNames();
  };
  /** While the slider moves, what came last is shown, so that it is seen where it goes. */
  const showStill = (): void => {
    if (state.atMs.value === null) return;
    const exact = frames.get(state.atMs.value);
    state.isWaiting.value = exact === undefined;
    const frame = exact ?? frames.newest;
    if (frame && (exact || frame.atMs !== state.shownMs.value)) show(frame);
  };
  const frames: PastFrames = new PastFrames({
    fetch: fetchFrame,
    nowMs,
    changed: () => {
      state.problem.value = frames.problem instanceof ApiError ? frames.problem : undefined;
      if (!state.isPlaying.value) showStill();
    },
  });
  return { fleet, frames, show, showStill };
};
type Scene = ReturnType<typeof makeScene>;

/** Lets the past go on, frame by frame, until it is stopped or has caught up with the present. */
const makePlay = (state: State, { frames, show }: Scene, nowMs: () => number, atPresent: () => void) => {
  let player: PastPlayer | undefined;
  let nextDraw: number | undefined;
  const stop = (): void => {
    if (nextDraw !== undefined) cancelAnimationFrame(nextDraw);
    nextDraw = undefined;
    player = undefined;
    state.isPlaying.value = false;
  };
  const play = (startMs: number): void => {
    const playing = new PastPlayer({ frames, show }, startMs);
    player = playing;
    state.isPlaying.value = true;
    let lastMs = performance.now();
    const draw = (drawMs: number): void => {
      const untilMs = nowMs() - presentMs;
      playing.advance(Math.min(elapsedMsMax, Math.max(0, drawMs - lastMs)), state.speed.value, untilMs);
      lastMs = drawMs;
      state.isWaiting.value = playing.isWaiting;
      const second = Math.floor(playing.timeMs / 1000) * 1000;
      if (second !== state.atMs.value) state.atMs.value = second;
      if (playing.timeMs >= untilMs - 1000) atPresent();
      else nextDraw = requestAnimationFrame(draw);
    };
    nextDraw = requestAnimationFrame(draw);
  };
  return { play, stop, clockMs: () => player?.timeMs };
};

/** The fleet as of the moment that the address names, still or played. */
export const usePast = (parts: PastParts): Past => {
  const now = useNow();
  const nowMs = (): number => now.value;
  const state = makeState(readMoment(parts.address.value) ?? null);
  const scene = makeScene(state, parts, nowMs);
  const { fleet, frames, showStill } = scene;
  const { play, stop, clockMs } = makePlay(state, scene, nowMs, () => seek(null));

  const seek = (ms: number | null): void => {
    stop();
    const second = ms === null || ms > nowMs() - presentMs ? null : Math.floor(ms / 1000) * 1000;
    state.atMs.value = second;
    state.problem.value = undefined;
    if (second === null) {
      state.isWaiting.value = false;
      state.shownMs.value = undefined;
      frames.want([]);
      return;
    }
    frames.want([second]);
    showStill();
  };
  const togglePlay = (): void => {
    const { atMs, isPlaying } = state;
    if (isPlaying.value) seek(atMs.value);
    else if (atMs.value !== null) play(atMs.value);
  };

  const forgetAddress = followAddress(parts.address, state.atMs, state.isPlaying, seek);
  if (state.atMs.value !== null) seek(state.atMs.value);
  onBeforeUnmount(() => {
    stop();
    forgetAddress();
    frames.close();
  });
  return {
    ...state,
    isPast: computed(() => state.atMs.value !== null),
    list: () => fleet.list(),
    find: (id) => fleet.find(id),
    seek,
    togglePlay,
    clockMs: () => clockMs() ?? state.atMs.value ?? 0,
  };
};
