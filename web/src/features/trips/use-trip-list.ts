import type { StopView, TripView } from '@milepost/contract/api';
import { onBeforeUnmount, ref, type Ref, type ShallowRef, shallowRef } from 'vue';
import { ApiError, api } from '../../api/client.ts';
import { withNewest } from './trip-list.ts';

const pageSize = 50;
const stopsPageSize = 200;
/** A page may end early where days had to be worked out: so often it is asked on for one that has something. */
const emptyPagesMax = 20;
/** Stops of one page of trips, at most. */
const stopsMax = 1000;
const refreshMs = 30_000;

interface TripsPart {
  readonly trips: readonly TripView[];
  readonly stops: readonly StopView[];
  /** Everything that began from here on is contained, ms. */
  readonly fromMs: number;
  readonly next: string | null;
}

const readStops = async (id: string, fromMs: number, toMs: number | undefined, signal: AbortSignal): Promise<StopView[]> => {
  const stops: StopView[] = [];
  let cursor: string | undefined;
  do {
    const query = { from: String(fromMs), limit: stopsPageSize, ...(toMs === undefined ? {} : { to: String(toMs) }) };
    const page = await api.stops(id, { ...query, ...(cursor ? { cursor } : {}) }, signal);
    stops.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor && stops.length < stopsMax);
  return stops;
};

/** A page of trips and the stops between them; `toMs`: where the page before began. */
const readPart = async (
  id: string,
  before: string | undefined,
  toMs: number | undefined,
  signal: AbortSignal,
): Promise<TripsPart> => {
  let cursor = before;
  for (let turn = 0; ; turn++) {
    const page = await api.trips(id, { from: '0', limit: pageSize, ...(cursor ? { cursor } : {}) }, signal);
    const isLast = page.next === null;
    const oldest = page.items.at(-1);
    if (oldest || isLast || turn === emptyPagesMax) {
      const fromMs = isLast || !oldest ? 0 : Date.parse(oldest.start);
      return { trips: page.items, stops: await readStops(id, fromMs, toMs, signal), fromMs, next: page.next };
    }
    cursor = page.next ?? undefined;
  }
};

export interface TripList {
  readonly trips: Readonly<ShallowRef<readonly TripView[] | undefined>>;
  readonly stops: Readonly<ShallowRef<readonly StopView[]>>;
  readonly hasMore: Readonly<Ref<boolean>>;
  readonly isLoading: Readonly<Ref<boolean>>;
  readonly problem: Readonly<ShallowRef<ApiError | undefined>>;
  loadMore(): Promise<void>;
  load(): Promise<void>;
}

/** Trips of a vehicle, newest first and page by page; the newest are read again now and then, as late samples correct them. */
export const useTripList = (id: string): TripList => {
  const trips = shallowRef<readonly TripView[] | undefined>();
  const stops = shallowRef<readonly StopView[]>([]);
  const hasMore = ref(false);
  const isLoading = ref(false);
  const problem = shallowRef<ApiError | undefined>();
  const aborter = new AbortController();
  let end: TripsPart | undefined;

  const attempt = async (act: () => Promise<void>): Promise<void> => {
    if (isLoading.value) return;
    isLoading.value = true;
    try {
      await act();
      problem.value = undefined;
    } catch (error) {
      if (aborter.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      problem.value = error;
    } finally {
      isLoading.value = false;
    }
  };
  const reach = (part: TripsPart): void => {
    end = part;
    hasMore.value = part.next !== null;
  };
  const load = (): Promise<void> =>
    attempt(async () => {
      const part = await readPart(id, undefined, undefined, aborter.signal);
      trips.value = withNewest(trips.value ?? [], part.trips, part.fromMs);
      stops.value = withNewest(stops.value, part.stops, part.fromMs);
      if (!end || part.fromMs <= end.fromMs) reach(part);
    });
  const loadMore = (): Promise<void> =>
    attempt(async () => {
      if (!end?.next) return;
      const part = await readPart(id, end.next, end.fromMs, aborter.signal);
      trips.value = [...(trips.value ?? []), ...part.trips];
      stops.value = [...stops.value, ...part.stops];
      reach(part);
    });

  void load();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void load();
  }, refreshMs);
  onBeforeUnmount(() => {
    aborter.abort();
    clearInterval(timer);
  });
  return { trips, stops, hasMore, isLoading, problem, loadMore, load };
};
