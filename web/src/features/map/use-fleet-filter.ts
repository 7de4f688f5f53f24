import { computed, type ComputedRef, type WritableComputedRef } from 'vue';
import { useTyped } from '../../components/use-typed.ts';
import { type Box, readBox, writeBox } from './box.ts';
import { type FleetFilter, noFilter } from './match-vehicle.ts';

const names = Object.keys(noFilter) as readonly (keyof FleetFilter)[];

/** The filters as they stand in the address, under the names that the API has for them. */
export const useFleetFilter = (
  query: (name: string) => WritableComputedRef<string>,
): { filter: WritableComputedRef<FleetFilter>; box: ComputedRef<Box | undefined>; setBox: (box: Box | undefined) => void } => {
  const parts = Object.fromEntries(names.map((name) => [name, query(name)])) as Record<
    keyof FleetFilter,
    WritableComputedRef<string>
  >;
  // The list follows each letter; the address, of which browsers take a hundred in half a minute, whole words.
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
  const bbox = query('bbox');
  const box = computed(() => readBox(bbox.value));
  const setBox = (next: Box | undefined): void => {
    bbox.value = next ? writeBox(next) : '';
  };
  return { filter, box, setBox };
};
