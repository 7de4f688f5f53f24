import { coreVocabulary, quantise, type SignalValue, type Vocabulary } from '@milepost/contract';
import { ByteWriter, ReportBuilder } from '@milepost/contract/report';

/** Values of one moment. */
export interface Sample {
  /** ms since the epoch, or ISO 8601 with a zone. */
  readonly time: number | string;
  /** By VSS path. */
  readonly signals: Readonly<Record<string, SignalValue>>;
}

export type Form = 'json' | 'binary';

/** What goes over the wire: a text, or a device frame (docs/formats/device-frame.md). */
export type Payload = string | Uint8Array;

export interface BufferedReport {
  readonly boot: number;
  readonly seq: number;
  /** As it goes over the wire. */
  readonly payload: Payload;
}

export type Encoded =
  | { readonly ok: true; readonly payload: Payload }
  /** The binary form has no way to say it: `detail` names signal and value. */
  | { readonly ok: false; readonly reason: 'invalid_value'; readonly detail: string };

export type EncodeReport = (boot: number, seq: number, samples: readonly Sample[]) => Encoded;

const encodeJson: EncodeReport = (boot, seq, samples) => ({ ok: true, payload: JSON.stringify({ boot, seq, samples }) });

const sequencedHead = 1;
const invalid = (detail: string): Encoded => ({ ok: false, reason: 'invalid_value', detail });

const makeBinaryEncoder = (vocabulary: Vocabulary): EncodeReport => {
  const builder = new ReportBuilder();
  const out = new ByteWriter(256);
  return (boot, seq, samples) => {
    builder.reset();
    for (const { time, signals } of samples) {
      const timeMs = typeof time === 'number' ? Math.round(time) : Date.parse(time);
      if (!Number.isSafeInteger(timeMs) || timeMs < 0) return invalid(`time is ${time}, expected ms since 1970 or ISO 8601`);
      builder.addSample(timeMs);
      for (const [path, value] of Object.entries(signals)) {
        const signal = vocabulary.byPath(path);
        if (!signal) return invalid(`the vocabulary has no signal ${path}`);
        const quantised = quantise(signal, value);
        if (!quantised.ok) return invalid(`${path} is ${JSON.stringify(value)}: ${quantised.reason}`);
        builder.addValue(signal.number, quantised.stored);
      }
    }
    out.at = 0;
    out.byte(sequencedHead);
    out.varint(boot);
    out.varint(seq);
    builder.encode(out);
    return { ok: true, payload: out.toBytes() };
  };
};

/** How reports are written. The binary form knows signals by number, so it needs the vocabulary that has them. */
export const reportEncoder = (form: Form, vocabulary: Vocabulary = coreVocabulary): EncodeReport =>
  form === 'json' ? encodeJson : makeBinaryEncoder(vocabulary);

export const payloadBytes = (payload: Payload): number =>
  typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
