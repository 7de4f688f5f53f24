import { ByteReader, FormatError } from '../../events/index.ts';
import { CallerError, invalidField } from '../../kernel/index.ts';

/** Content type of a device frame over HTTP. docs/formats/device-frame.md */
export const deviceFrameType = 'application/vnd.milepost.report';

const heads = { bare: 0, sequenced: 1 } as const;
const bootMax = 0xffff_ffff;
const seqMax = 2 ** 52 - 1;

/** A report in the binary format, not decoded yet. */
export class BinaryReport {
  readonly boot: number | undefined;
  readonly seq: number | undefined;
  /** The report alone, in the memory that it came in: copy what is kept. */
  readonly bytes: Uint8Array;

  constructor(boot: number | undefined, seq: number | undefined, bytes: Uint8Array) {
    this.boot = boot;
    this.seq = seq;
    this.bytes = bytes;
  }

  /** The same in memory of its own: what a network library hands over lies in a larger buffer. */
  copy(): BinaryReport {
    return new BinaryReport(this.boot, this.seq, this.bytes.slice());
  }
}

/** Whether a payload is a device frame rather than JSON, by its first byte. */
export const isDeviceFrame = (bytes: Uint8Array): boolean => bytes[0] === heads.bare || bytes[0] === heads.sequenced;

const reader = new ByteReader(new Uint8Array(0));

/** Reads the head of a frame. Throws CallerError on anything but a frame; the report itself is not looked at. */
export const readDeviceFrame = (bytes: Uint8Array): BinaryReport => {
  const head = bytes[0];
  if (head === heads.bare) return new BinaryReport(undefined, undefined, bytes.subarray(1));
  if (head !== heads.sequenced)
    throw new CallerError(
      'bad_request',
      `the frame begins with ${head ?? 'nothing'}, expected 0 or 1 (docs/formats/device-frame.md)`,
    );
  reader.reset(bytes, 1, bytes.length);
  try {
    const boot = reader.varint();
    const seq = reader.varint();
    if (boot > bootMax) throw invalidField('boot', boot, `a whole number from 0 to ${bootMax}`);
    if (seq > seqMax) throw invalidField('seq', seq, `a whole number from 0 to ${seqMax}`);
    return new BinaryReport(boot, seq, bytes.subarray(reader.at));
  } catch (error) {
    if (error instanceof FormatError) throw new CallerError('bad_request', `boot and seq cannot be read: ${error.message}`);
    throw error;
  }
};
