import { murmur3OfInt32 } from '../kernel/index.ts';

/** For ever: stored files and topics depend on it. */
export const virtualPartitionCount = 1024;

/** murmur3_32(vehicleNo as 4 bytes, little-endian, seed 0) mod 1024. */
export const virtualPartitionOf = (vehicleNo: number): number => murmur3OfInt32(vehicleNo) % virtualPartitionCount;

/** Where a vehicle's records lie when the log has so many physical partitions: a power of two, at most `virtualPartitionCount`. */
export const physicalPartitionOf = (vehicleNo: number, partitions: number): number =>
  partitions === 1 ? 0 : virtualPartitionOf(vehicleNo) % partitions;
