import type { DriverAssignmentView, PrivatePeriodView, RouteBody } from '@milepost/contract/api';
import { computed, type Ref, watch } from 'vue';
import { api } from '../../api/client.ts';
import { useAct } from '../../components/use-act.ts';
import { useNow } from '../../components/use-now.ts';
import { useRead } from '../../components/use-read.ts';
import type { Choice } from './PickOne.vue';

/** Others may assign, too: it is looked at again so often. */
const refreshMs = 15_000;
const shownMax = 50;
const choicesMax = 50;

const isOn = ({ from, to }: DriverAssignmentView, nowMs: number): boolean =>
  (from === null || Date.parse(from) <= nowMs) && (to === null || Date.parse(to) > nowMs);

/** Drivers for `PickOne`, with what tells two of the same name apart. */
export const searchDrivers = async (q: string, signal: AbortSignal): Promise<readonly Choice[]> => {
  const { items } = await api.drivers({ limit: choicesMax, ...(q === '' ? {} : { q }) }, signal);
  return items.map(({ id, name, number, customer, vehicle }) => ({
    id,
    name,
    note: [number, customer, vehicle?.plate ?? vehicle?.vin].filter(Boolean).join(' · '),
  }));
};

/** Who drives a vehicle, and when nobody sees where it is. `isPrivate`: as the stream tells it. */
export const useVehicleDriver = (vehicleId: () => string, isPrivate: Readonly<Ref<boolean>>) => {
  const now = useNow();
  const acting = useAct();
  const { isBusy, problem } = acting;
  const read = useRead(
    vehicleId,
    async (id, signal): Promise<{ assignments: readonly DriverAssignmentView[]; periods: readonly PrivatePeriodView[] }> => {
      const [assignments, periods] = await Promise.all([
        api.vehicleDrivers(id, { limit: shownMax }, signal),
        api.privatePeriods(id, { limit: shownMax }, signal),
      ]);
      return { assignments: assignments.items, periods: periods.items };
    },
    refreshMs,
  );
  watch(isPrivate, () => void read.load());

  const change = async (run: () => Promise<unknown>): Promise<boolean> => {
    const isDone = await acting.act(run);
    if (isDone) await read.load();
    return isDone;
  };
  return {
    ...read,
    now,
    isBusy,
    actProblem: problem,
    current: computed(() => read.loaded.value?.assignments.find((one) => isOn(one, now.value))),
    /** The private period of now. */
    open: computed(() => read.loaded.value?.periods.find(({ to }) => to === null)),
    assign: (driverId: string, period: Pick<RouteBody<'assignDriver'>, 'from' | 'to'>) =>
      change(() => api.assignDriver(vehicleId(), { driverId, ...period })),
    correct: (id: string, period: RouteBody<'changeDriverAssignment'>) =>
      change(() => api.changeAssignment(vehicleId(), id, period)),
    remove: (id: string) => change(() => api.removeAssignment(vehicleId(), id)),
    setPrivate: (on: boolean) => change(() => (on ? api.makePrivate(vehicleId(), {}) : api.endPrivate(vehicleId()))),
  };
};
