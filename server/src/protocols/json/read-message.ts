/** JSON as it comes in: nothing is known of its shape. */
export type JsonValue = unknown;

/** The same memory, with the methods of a Buffer. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** The value of a JSON text; undefined when it is none. */
export const readJson = (text: string | Uint8Array): JsonValue | undefined => {
  try {
    return JSON.parse(typeof text === 'string' ? text : asBuffer(text).toString('utf8')) as JsonValue;
  } catch {
    return undefined;
  }
};

export type DeviceMessage =
  | { readonly kind: 'report'; readonly report: { readonly boot?: unknown; readonly seq?: unknown; readonly samples?: unknown } }
  | { readonly kind: 'goodbye' }
  | { readonly kind: 'renew'; readonly token: string }
  | { readonly kind: 'unreadable' };

/** What a device means by a JSON message: a report unless it says otherwise. */
export const readDeviceMessage = (message: JsonValue | undefined): DeviceMessage => {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return { kind: 'unreadable' };
  const fields = message as { samples?: unknown; goodbye?: unknown; token?: unknown };
  if (fields.samples !== undefined) return { kind: 'report', report: fields };
  if (fields.goodbye === true) return { kind: 'goodbye' };
  if (typeof fields.token === 'string') return { kind: 'renew', token: fields.token };
  return { kind: 'report', report: fields };
};
