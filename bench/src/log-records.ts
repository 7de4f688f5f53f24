import { ByteWriter, encodeRecord, ReportBuilder, recordKinds } from '../../server/src/events/index.ts';
import { reportSignals } from './report-signals.ts';

/** Who reports in benches of the log. */
export const loggedVehicles = 10_000;

const builder = new ReportBuilder();
const out = new ByteWriter();

/** A log record as a gateway makes it: one sample of 13 signals, other values in each. */
export const makeLoggedReport = (seq: number, receivedAt: number): Uint8Array => {
  const mixed = Math.imul(seq, 2_654_435_761) >>> 0;
  builder.reset();
  builder.addSample(receivedAt);
  for (const [i, signal] of reportSignals.entries())
    builder.addValue(signal, i < 3 ? 100_000_000 + (mixed % 1_000_000) : (mixed >>> i) % 1200);
  out.at = 0;
  builder.encode(out);
  const header = { kind: recordKinds.telemetry, vehicleNo: 1 + (seq % loggedVehicles), deviceNo: 1, boot: 1, hasSequence: true };
  return encodeRecord({ ...header, vocabularyVersion: 1, seq, receivedAt }, out.toBytes());
};
