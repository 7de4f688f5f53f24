import { readFileSync } from 'node:fs';
import { present, type SignalDefinition } from '@milepost/contract';
import protobuf from 'protobufjs';
import {
  type ConnectionEventName,
  type RecordHeader,
  type ReportColumn,
  type ReportColumns,
  hasValue,
  storedValueOf,
} from '../events/index.ts';

/** Encodes by the published schema itself, so nothing is stated twice. */
const schema = protobuf.parse(readFileSync(new URL('./milepost-export.proto', import.meta.url), 'utf8')).root;
const vehicleReport = schema.lookupType('milepost.export.v1.VehicleReport');
const kinds = schema.lookupEnum('milepost.export.v1.Kind').values;
const events = schema.lookupEnum('milepost.export.v1.ConnectionEvent').values;

/** Events of the connection of a device by their name there; the others are about the server. */
const eventNames: Readonly<Partial<Record<ConnectionEventName, string>>> = {
  opened: 'CONNECTION_EVENT_OPENED',
  goodbye: 'CONNECTION_EVENT_GOODBYE',
  closed: 'CONNECTION_EVENT_CLOSED',
  tokenExpired: 'CONNECTION_EVENT_TOKEN_EXPIRED',
  revoked: 'CONNECTION_EVENT_REVOKED',
};

/** What each message of a record says alike. */
export interface MessageHead {
  readonly vehicleId: string;
  readonly deviceId: string;
  readonly header: RecordHeader;
  readonly partition: number;
  readonly offset: number;
}

export interface MessagePart {
  readonly part: number;
  readonly parts: number;
}

const headOf = ({ vehicleId, deviceId, header, partition, offset }: MessageHead) => ({
  vehicleId,
  deviceId,
  receivedAtMs: header.receivedAt,
  sourcePartition: partition,
  sourceOffset: offset,
  ...(header.hasSequence ? { boot: header.boot, seq: header.seq } : {}),
});

const encode = (message: object): Uint8Array => vehicleReport.encode(message).finish();

export const encodeHeartbeat = (head: MessageHead): Uint8Array =>
  encode({ ...headOf(head), kind: kinds['KIND_HEARTBEAT'], parts: 1 });

/** Undefined: an event that is not of a device's connection. */
export const encodeConnection = (head: MessageHead, event: ConnectionEventName): Uint8Array | undefined => {
  const name = eventNames[event];
  if (name === undefined) return undefined;
  return encode({ ...headOf(head), kind: kinds['KIND_CONNECTION'], connectionEvent: events[name], parts: 1 });
};

/** Columns of a report whose signals are known, each with what its number means. */
export type KnownColumns = readonly { readonly signal: SignalDefinition; readonly column: ReportColumn }[];

const valueOf = (signal: SignalDefinition, stored: number | string): object => {
  const value = present(signal, stored);
  if (typeof value === 'number') return { signal: signal.path, number: value };
  if (typeof value === 'boolean') return { signal: signal.path, flag: value };
  if (typeof value === 'string') return { signal: signal.path, text: value };
  return { signal: signal.path, list: { texts: value } };
};

const sampleOf = (report: ReportColumns, known: KnownColumns, sample: number): object => {
  const timeMs = report.times[sample] as number;
  const deviceTimeMs = report.hasOriginalTimes ? (report.originalTimes[sample] as number) : timeMs;
  const values: object[] = [];
  for (const { signal, column } of known)
    if (hasValue(column, sample)) values.push(valueOf(signal, storedValueOf(column, sample)));
  return { timeMs, ...(deviceTimeMs === timeMs ? {} : { deviceTimeMs }), values };
};

export const encodeTelemetry = (
  head: MessageHead,
  part: MessagePart,
  report: ReportColumns,
  known: KnownColumns,
  samples: readonly number[],
): Uint8Array =>
  encode({
    ...headOf(head),
    ...part,
    kind: kinds['KIND_TELEMETRY'],
    samples: samples.map((sample) => sampleOf(report, known, sample)),
  });

/** Tags and lengths around a value, and a double; around a sample, and its times. */
const [valueOverheadBytes, sampleOverheadBytes] = [15, 26];

/** At least what a sample takes in a message, within some bytes; texts by their characters. */
export const estimateSampleBytes = (known: KnownColumns, sample: number): number => {
  let bytes = sampleOverheadBytes;
  for (const { signal, column } of known) {
    if (!hasValue(column, sample)) continue;
    const stored = storedValueOf(column, sample);
    bytes += valueOverheadBytes + signal.path.length + (typeof stored === 'string' ? stored.length : 0);
  }
  return bytes;
};
