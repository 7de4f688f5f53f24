import type { ConsentItem, GrantView, RouteBody } from '@milepost/contract/api';
import { computed, type ComputedRef, reactive, ref, shallowRef, type ShallowRef, watch } from 'vue';
import { useI18n } from 'vue-i18n';
import { ApiError, api } from '../../api/client.ts';
import { useRead } from '../../components/use-read.ts';
import { accessTextVersion } from './text-version.ts';

const refreshMs = 30_000;

export interface Grants {
  /** As the server has them, with what was just asked for already done. */
  readonly all: ComputedRef<readonly GrantView[]>;
  readonly isLoaded: ComputedRef<boolean>;
  readonly problem: Readonly<ShallowRef<ApiError | undefined>>;
  /** What the server refused, by grant: what is shown is then as it was. */
  readonly refusals: Readonly<Record<string, ApiError | undefined>>;
  load(): Promise<void>;
  /** What is left; the last one that goes ends the grant. */
  narrow(grant: GrantView, items: readonly ConsentItem[]): void;
  pause(grant: GrantView, isPaused: boolean): void;
  shorten(grant: GrantView, until: string): void;
  end(grant: GrantView): void;
}

/** Grants as the server told each last, over which lies what was just asked for; acts on one grant go one after the other. */
const useGuesses = () => {
  const read = useRead(
    () => '',
    (_question, signal) => api.grants({}, signal),
    refreshMs,
  );
  const known = shallowRef<ReadonlyMap<string, GrantView>>(new Map());
  const guesses = shallowRef<ReadonlyMap<string, GrantView>>(new Map());
  const refusals = reactive<Record<string, ApiError | undefined>>({});
  const waiting = new Map<string, Promise<void>>();
  const underWay = ref(0);

  watch(read.loaded, (loaded) => {
    // What is on its way now may be older than what was asked for since.
    if (loaded && underWay.value === 0) known.value = new Map(loaded.items.map((grant) => [grant.id, grant]));
  });
  const guess = (id: string, grant: GrantView | undefined): void => {
    const next = new Map(guesses.value);
    if (grant) next.set(id, grant);
    else next.delete(id);
    guesses.value = next;
  };

  const act = (grant: GrantView, wanted: Partial<GrantView>, run: () => Promise<GrantView | undefined>): void => {
    const { id } = grant;
    const guessed: GrantView = { ...grant, ...wanted };
    guess(id, guessed);
    refusals[id] = undefined;
    underWay.value++;
    const turn = (waiting.get(id) ?? Promise.resolve()).then(async () => {
      try {
        known.value = new Map(known.value).set(id, (await run()) ?? guessed);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refusals[id] = error;
      } finally {
        underWay.value--;
        if (waiting.get(id) === turn) {
          waiting.delete(id);
          guess(id, undefined);
        }
        if (underWay.value === 0) void read.load();
      }
    });
    waiting.set(id, turn);
  };
  return { read, known, guesses, refusals, act };
};

/**
 * Grants that one gave, and by which one reads. A switch is shown as done at once; when the server refuses, it is shown as it is, with the
 * reason beside it.
 */
export const useGrants = (): Grants => {
  const { locale } = useI18n();
  const { read, known, guesses, refusals, act } = useGuesses();
  const change = (id: string, body: Omit<RouteBody<'changeGrant'>, 'textVersion' | 'language'>) => () =>
    api.changeGrant(id, { ...body, textVersion: accessTextVersion, language: locale.value });
  const end = (grant: GrantView): void =>
    act(grant, { state: 'ended', endReason: 'holder', endedAt: new Date().toISOString() }, async () => {
      await api.endGrant(grant.id);
      return undefined;
    });

  return {
    all: computed(() => [...known.value.values()].map((grant) => guesses.value.get(grant.id) ?? grant)),
    isLoaded: computed(() => read.loaded.value !== undefined),
    problem: read.problem,
    refusals,
    load: () => read.load(),
    narrow: (grant, items) => {
      if (items.length === 0) end(grant);
      else act(grant, { items: [...items] }, change(grant.id, { items: [...items] }));
    },
    pause: (grant, isPaused) => {
      const state = isPaused ? 'paused' : 'active';
      act(grant, { state }, change(grant.id, { state }));
    },
    shorten: (grant, until) => act(grant, { until }, change(grant.id, { until })),
    end,
  };
};
