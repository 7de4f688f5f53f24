import { computed, type ComputedRef, onScopeDispose, type ShallowRef, shallowRef, watch, type WritableComputedRef } from 'vue';
import { useTyped } from '../../components/use-typed.ts';
import { type Box, readBox, writeBox } from './box.ts';
import { type FleetFilter, noFilter } from './match-vehicle.ts';

const names = Object.keys(noFilter) as readonly (keyof FleetFilter)[];

/** Nobody notices, and whoever types fast has each letter on screen before ten thousand vehicles are looked through and drawn. */
const restMs = 80;

export interface FleetFilterUse {
  /** As it stands in the fields. */
  readonly filter: WritableComputedRef<FleetFilter>;
  /** What vehicles are looked through for: the same, once the fingers rest. */
  readonly asked: Readonly<ShallowRef<FleetFilter>>;
  readonly box: ComputedRef<Box | undefined>;
  readonly setBox: (box: Box | undefined) => void;
}

/** The filters as they stand in the address, under the names that the API has for them. */
export const useFleetFilter = (query: (name: string) => WritableComputedRef<string>): FleetFilterUse => {
  const parts = Object.fromEntries(names.map((name) => [name, query(name)])) as Record<
    keyof FleetFilter,
    WritableComputedRef<string>
  >;
  // The list follows the letters; the address, of which browsers take a hundred in half a minute, whole words.
  const q = useTyped(parts.q);
  const filter = computed<FleetFilter>({
    get: () => ({
      q: q.value,
      status: parts.status.value,
      customer: parts.customer.value,
      group: parts.group.value,
      warning: parts.warning.value,
      energyBelow: parts.energyBelow.value,
    }),
    set: (next) => {
      q.value = next.q;
      for (const name of names) if (name !== 'q' && parts[name].value !== next[name]) parts[name].value = next[name];
    },
  });
  const asked = shallowRef(filter.value);
  let resting: ReturnType<typeof setTimeout> | undefined;
  watch(filter, (next) => {
    clearTimeout(resting);
    const ask = (): void => {
      asked.value = next;
    };
    if (next.q === asked.value.q) ask();
    else resting = setTimeout(ask, restMs);
  });
  onScopeDispose(() => clearTimeout(resting));
  const bbox = query('bbox');
  const box = computed(() => readBox(bbox.value));
  const setBox = (next: Box | undefined): void => {
    bbox.value = next ? writeBox(next) : '';
  };
  return { filter, asked, box, setBox };
};
