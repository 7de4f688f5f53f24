import type { ReadPeriod } from '../events/index.ts';
import type { DriverDirectory } from '../registry/index.ts';

/** Where private periods are known. */
export type PrivateSource = Pick<DriverDirectory, 'privatePeriods' | 'isAnyPrivate' | 'privateVersion' | 'privateChangedSince'>;

const none: readonly ReadPeriod[] = [];

/**
 * The private periods of a vehicle that are hidden from a reader: all but those of the driver that the reader is. null: the reader is
 * no driver.
 */
export const privateTo =
  (source: PrivateSource, readerDriverNo: number | null): ((vehicleNo: number) => readonly ReadPeriod[]) =>
  (vehicleNo) => {
    const periods = source.privatePeriods(vehicleNo);
    if (periods.length === 0) return none;
    if (readerDriverNo === null) return periods;
    return periods.filter(({ driverNo }) => driverNo !== readerDriverNo);
  };
