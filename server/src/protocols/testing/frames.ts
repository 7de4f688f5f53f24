/** A frame of a client as RFC 6455, 5.2 has it, right or wrong. */
export interface ClientFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** True: the last of its message. */
  readonly fin?: boolean;
  readonly reserved?: number;
  /** Undefined: not masked, as a client must not send it. */
  readonly mask?: readonly [number, number, number, number] | undefined;
}

const someMask = [0x37, 0xfa, 0x21, 0x3d] as const;

const lengthOf = (bytes: number, maskBit: number): Buffer => {
  if (bytes <= 125) return Buffer.from([maskBit | bytes]);
  const head = Buffer.alloc(bytes <= 0xffff ? 3 : 9);
  head[0] = maskBit | (bytes <= 0xffff ? 126 : 127);
  if (bytes <= 0xffff) head.writeUInt16BE(bytes, 1);
  else head.writeBigUInt64BE(BigInt(bytes), 1);
  return head;
};

export const encodeFrame = (frame: ClientFrame): Buffer => {
  const { opcode, payload, fin = true, reserved = 0 } = frame;
  const mask = 'mask' in frame ? frame.mask : someMask;
  const first = Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode]);
  const length = lengthOf(payload.length, mask ? 0x80 : 0);
  if (!mask) return Buffer.concat([first, length, payload]);
  return Buffer.concat([first, length, Buffer.from(mask), payload.map((byte, i) => byte ^ (mask[i & 3] as number))]);
};

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The whole frames at the front of what a server has sent, and the bytes after them. */
export const decodeFrames = (bytes: Buffer): { readonly frames: readonly ServerFrame[]; readonly rest: Buffer } => {
  const frames: ServerFrame[] = [];
  let at = 0;
  while (bytes.length - at >= 2) {
    const short = bytes.readUInt8(at + 1);
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length - at < head) break;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    if (bytes.length - at - head < length) break;
    frames.push({ opcode: bytes.readUInt8(at), payload: bytes.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return { frames, rest: bytes.subarray(at) };
};
