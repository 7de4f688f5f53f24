import { readFileSync } from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';

/** The schema as other programs get it. */
export const publishedSchemaPath = path.resolve(import.meta.dirname, '../../../../docs/formats/milepost-export.proto');

const schema = protobuf.parse(readFileSync(publishedSchemaPath, 'utf8')).root;
const vehicleReport = schema.lookupType('milepost.export.v1.VehicleReport');

export interface ReadValue {
  readonly signal: string;
  readonly number?: number;
  readonly text?: string;
  readonly flag?: boolean;
  readonly list?: { readonly texts?: readonly string[] };
}

/** A message as a reader sees it: what is not there is left out, 64-bit numbers are numbers. */
export interface ReadReport {
  readonly vehicleId: string;
  readonly deviceId: string;
  readonly receivedAtMs: number;
  readonly kind: string;
  readonly samples?: readonly {
    readonly timeMs: number;
    readonly deviceTimeMs?: number;
    readonly values?: readonly ReadValue[];
  }[];
  readonly connectionEvent?: string;
  readonly sourcePartition?: number;
  readonly sourceOffset?: number;
  readonly part?: number;
  readonly parts: number;
  readonly boot?: number;
  readonly seq?: number;
}

export const readPublished = (bytes: Uint8Array): ReadReport =>
  vehicleReport.toObject(vehicleReport.decode(bytes), { longs: Number, enums: String }) as unknown as ReadReport;
