import { recordFields, recordKinds } from '../../../events/index.ts';

/** What a message says of its record, for those who read the topic without Milepost. docs/formats/kafka-log.md */
export interface MessageHead {
  readonly key: Buffer;
  readonly headers: Map<Buffer, Buffer>;
  readonly timestamp: bigint;
}

const kindNames = new Map<number, string>(Object.entries(recordKinds).map(([name, kind]) => [kind, name]));
const [versionName, kindName] = [Buffer.from('version'), Buffer.from('kind')];
const known = new Map<number, Map<Buffer, Buffer>>();

/** The same few for all records. */
const headersOf = (version: number, kind: number): Map<Buffer, Buffer> => {
  const key = version * 256 + kind;
  const made =
    known.get(key) ??
    new Map([
      [versionName, Buffer.from(String(version))],
      [kindName, Buffer.from(kindNames.get(kind) ?? String(kind))],
    ]);
  known.set(key, made);
  return made;
};

/** Of the record that lies at `at`. */
export const messageHead = (view: DataView, at: number): MessageHead => {
  const key = Buffer.alloc(4);
  key.writeInt32BE(recordFields.vehicleNo(view, at));
  return {
    key,
    headers: headersOf(recordFields.version(view, at), recordFields.kind(view, at)),
    timestamp: BigInt(recordFields.receivedAt(view, at)),
  };
};
