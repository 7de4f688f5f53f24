/**
 * Reports of the facts page, 13 signals a sample, made once; only their seq and times are written anew, so that the load costs less
 * than what it loads.
 */
import { coreSignal, quantise } from '../../../contract/src/index.ts';
import { ByteWriter, ReportBuilder } from '../../../server/src/events/index.ts';

export const forms = ['json', 'binary', 'ndjson'] as const;
export type Form = (typeof forms)[number];

export const contentTypes: Readonly<Record<Form, string>> = {
  json: 'application/json',
  binary: 'application/vnd.milepost.report',
  ndjson: 'application/x-ndjson',
};

/** Writes the report numbered `seq`; its samples are a second apart and newer than those of the one before. */
export type Payload = (seq: number) => Buffer;

/** How a drive goes on from sample to sample. */
export const valuesAt = (sample: number): Record<string, number> => ({
  'Vehicle.TraveledDistance': 18_204_300 + sample * 12,
  'Vehicle.CurrentLocation.Latitude': 34.020882 + sample * 0.000_08,
  'Vehicle.CurrentLocation.Longitude': -6.84165 + sample * 0.000_06,
  'Vehicle.CurrentLocation.Heading': (271.5 + sample * 1.5) % 360,
  'Vehicle.Speed': 43.2 + (sample % 17) * 0.6,
  'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed': 62.4 - Math.floor(sample / 20) * 0.1,
  'Vehicle.Powertrain.TractionBattery.Range': 84_000 - sample * 14,
  'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure': 240,
  'Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure': 241,
  'Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure': 212,
  'Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure': 239,
  'Vehicle.CurrentOverallWeight': 612,
  'Vehicle.Diagnostics.DTCCount': 0,
});

/** Far enough back that no clock is ahead at the end. */
const startMs = Date.now() - 10 * 86_400_000;
const seqPlace = '        1';
const timePlaces = (bytes: Buffer): number[] => {
  const places: number[] = [];
  for (let at = bytes.indexOf('"time":'); at >= 0; at = bytes.indexOf('"time":', at + 1)) places.push(at + 7);
  return places;
};

/** Milliseconds between two reports: each begins where the one before ended. */
const spanMs = (samples: number): number => (samples === 1 ? 1 : samples * 1000);
const firstMs = (seq: number, samples: number): number => startMs + seq * spanMs(samples);

const textPayload = (text: string, samples: number): Payload => {
  const template = Buffer.from(text);
  const seqAt = template.indexOf(seqPlace);
  const places = timePlaces(template);
  return (seq) => {
    const bytes = Buffer.from(template);
    if (seqAt >= 0) bytes.write(String(seq).padStart(seqPlace.length), seqAt, 'latin1');
    const first = firstMs(seq, samples);
    for (const [i, at] of places.entries()) bytes.write(String(first + i * 1000), at, 'latin1');
    return bytes;
  };
};

const sampleTexts = (samples: number): string[] =>
  Array.from({ length: samples }, (_, i) => JSON.stringify({ time: startMs + i * 1000, signals: valuesAt(i) }));

const varint = (value: number, bytes: number, into: Buffer, at: number): void => {
  let rest = value;
  for (let i = 0; i < bytes; i++) {
    into[at + i] = (rest % 128) | (i < bytes - 1 ? 0x80 : 0);
    rest = Math.floor(rest / 128);
  }
};

/** head, boot and a seq of four bytes before the report; its first time, six bytes, follows version, flags and count. */
const binaryPayload = (samples: number): Payload => {
  const builder = new ReportBuilder();
  for (let i = 0; i < samples; i++) {
    builder.addSample(startMs + i * 1000);
    for (const [path, value] of Object.entries(valuesAt(i))) {
      const quantised = quantise(coreSignal(path), value);
      if (quantised.ok) builder.addValue(coreSignal(path).number, quantised.stored);
    }
  }
  const out = new ByteWriter();
  for (const byte of [1, 3, 0, 0, 0, 0]) out.byte(byte);
  builder.encode(out);
  const template = Buffer.from(out.toBytes());
  const timeAt = 6 + 2 + (samples < 128 ? 1 : 2);
  return (seq) => {
    const bytes = Buffer.from(template);
    varint(seq, 4, bytes, 2);
    varint(firstMs(seq, samples), 6, bytes, timeAt);
    return bytes;
  };
};

export const makePayload = (form: Form, samples: number): Payload => {
  if (form === 'binary') return binaryPayload(samples);
  const texts = sampleTexts(samples);
  if (form === 'ndjson') return textPayload(texts.join('\n'), samples);
  return textPayload(`{"boot":3,"seq":${seqPlace},"samples":[${texts.join(',')}]}`, samples);
};
