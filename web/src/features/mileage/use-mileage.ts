import type { Mileage, TireTrends } from '@milepost/contract/api';
import { api } from '../../api/client.ts';
import { useFormats } from '../../components/use-formats.ts';
import { type Read, useRead } from '../../components/use-read.ts';
import { firstMidnight } from './last-days.ts';

const refreshMs = 60_000;
const tiresRefreshMs = 600_000;

/** How far a vehicle went, with its last 31 days by the person's clock. */
export const useMileage = (id: string): Read<Mileage> => {
  const formats = useFormats();
  return useRead(
    () => formats.value.settings.timeZone,
    (timeZone, signal) => api.mileage(id, { timeZone, from: String(firstMidnight(Date.now(), timeZone)) }, signal),
    refreshMs,
  );
};

/** How its tires keep their air. */
export const useTireTrends = (id: string): Read<TireTrends> => {
  const formats = useFormats();
  return useRead(
    () => formats.value.settings.timeZone,
    (timeZone, signal) => api.tireTrends(id, { timeZone }, signal),
    tiresRefreshMs,
  );
};
