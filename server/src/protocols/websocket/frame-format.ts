/** The parts of a frame's head: RFC 6455, 5.2 and 11.8. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export const finBit = 0x80;
/** Longest payload whose length stands in the seven bits themselves; a control frame has no longer one. */
export const shortPayloadMax = 125;
/** In the seven bits: the length stands in the next two bytes, or in the next eight. */
export const length16 = 126;
export const length64 = 127;
