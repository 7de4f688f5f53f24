import Type, { type Static } from 'typebox';
import { rejectionReasons } from '../signals/index.ts';
import { closed, isoTime, oneOf } from './shared.ts';
import { signalValue } from './vehicle.ts';

const bootMax = 4_294_967_295;
const seqMax = 4_503_599_627_370_495;
const samplesMax = 4096;
const index = Type.Integer({
  minimum: 0,
  maximum: 1_000_000,
  description: 'Which sample, from 0; of NDJSON the line that holds it',
});
const whole = (maximum: number, description: string) => Type.Integer({ minimum: 0, maximum, description });

/** One time, many signals. */
export const telemetrySample = Type.Object(
  {
    time: Type.Union([Type.String({ maxLength: 40 }), Type.Integer({ minimum: 0, maximum: 9_000_000_000_000 })], {
      description: 'ISO 8601 with a zone, or milliseconds since 1970',
    }),
    signals: Type.Record(Type.String(), signalValue, { description: 'By path of `/v1/signals`, in its unit' }),
  },
  { description: 'What was measured at one moment' },
);

/** A report as a device writes it. What is wrong in it is answered value by value, so it is described, not enforced. */
export const telemetryReport = Type.Object(
  {
    boot: Type.Optional(whole(bootMax, 'Grows with each start of the device; needed on sockets')),
    seq: Type.Optional(whole(seqMax, 'Grows with each report; needed on sockets')),
    samples: Type.Array(telemetrySample, { maxItems: samplesMax, description: '[] is a heartbeat' }),
  },
  {
    examples: [
      {
        boot: 3,
        seq: 7,
        samples: [{ time: '2026-11-20T12:00:00Z', signals: { 'Vehicle.Speed': 50.1, 'Vehicle.IsMoving': true } }],
      },
    ],
  },
);
export type TelemetryReport = Static<typeof telemetryReport>;

const rejection = closed({
  sample: Type.Optional(index),
  signal: Type.Optional(Type.String({ description: 'Without it the whole sample' })),
  value: Type.Optional(Type.Unknown({ description: 'As it was sent, cut when it is long' })),
  reason: oneOf(rejectionReasons),
});

const adjustment = closed(
  { sample: index, time: isoTime, storedAs: isoTime },
  { description: 'The clock of the device was ahead' },
);

/** What became of a report; it is on disk by then. */
export const telemetryAnswer = closed({
  ack: Type.Optional(whole(seqMax, 'The seq of the report, when it named one')),
  stored: whole(1_000_000, 'Samples of which at least one value is stored'),
  rejected: Type.Array(rejection),
  rejectedMore: Type.Optional(whole(1_000_000_000, 'Rejections that are not listed')),
  adjusted: Type.Array(adjustment),
  serverTime: isoTime,
});
export type TelemetryAnswerView = Static<typeof telemetryAnswer>;
