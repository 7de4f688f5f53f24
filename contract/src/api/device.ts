import Type, { type Static } from 'typebox';
import { deviceKinds } from '../signals/index.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeField } from './shared.ts';
import { newVehicle } from './vehicle.ts';

const imei = Type.String({
  minLength: 1,
  maxLength: 32,
  description: '15 digits; a check digit that does not fit is accepted and marked',
});
const from = Type.Union([timeField], {
  description: 'Since when it is on the vehicle; without it a first assignment reaches back without limit',
});
const secret = Type.String({ minLength: 1, maxLength: 128, description: 'Shown once' });

export const newDevice = closed({
  imei,
  vehicleId: opaqueId,
  from: Type.Optional(from),
  kind: Type.Optional(oneOf(deviceKinds)),
});
export type NewDeviceBody = Static<typeof newDevice>;

export const createdDevice = closed({ id: opaqueId, secret, isImeiCheckDigitValid: Type.Boolean() });
export type CreatedDevice = Static<typeof createdDevice>;

export const device = closed({
  id: opaqueId,
  imei: Type.String(),
  isImeiCheckDigitValid: Type.Boolean(),
  kind: oneOf(deviceKinds),
  createdAt: isoTime,
  revokedAt: nullable(isoTime),
  assignments: Type.Array(
    closed({
      vehicleId: opaqueId,
      from: nullable(isoTime),
      to: nullable(isoTime),
    }),
    { description: 'Which vehicle it was on, oldest first; null: open' },
  ),
  secretIssuedAt: nullable(isoTime),
  secretFetchedAt: nullable(isoTime),
  enrolmentWindowUntil: nullable(isoTime),
  certificateSha256: nullable(Type.String({ description: 'The one certificate that counts; null: any of the CA for its IMEI' })),
});
export type DeviceView = Static<typeof device>;
export const devicePage = pageOf(device);
export const deviceQuery = closed({
  vehicleId: Type.Optional(opaqueId),
  imei: Type.Optional(Type.String({ maxLength: 32 })),
  ...paging,
});

export const issuedSecret = closed({ secret, secretIssuedAt: isoTime });

/** 64 hexadecimal digits, or pairs of them with colons between, as openssl prints them. */
export const certificatePin = closed({
  sha256: Type.String({
    pattern: '^([0-9A-Fa-f]{64}|([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$',
    maxLength: 95,
    description: 'SHA-256 of the certificate (DER), 64 hexadecimal digits, with or without colons',
  }),
});

const windowMinutes = Type.Integer({
  minimum: 1,
  maximum: apiLimits.enrolmentWindowMinutesMax,
  default: apiLimits.enrolmentWindowMinutesDefault,
  description: 'From now on',
});
export const enrolmentWindow = closed({ minutes: Type.Optional(windowMinutes) });
export const enrolmentWindows = closed({
  imeis: Type.Array(imei, { minItems: 1, maxItems: apiLimits.enrolmentWindowsMax }),
  minutes: Type.Optional(windowMinutes),
});
export const enrolmentWindowResults = closed({
  until: isoTime,
  opened: Type.Array(closed({ imei: Type.String(), deviceId: opaqueId })),
  unknown: Type.Array(Type.String(), { description: 'IMEIs of no device that is in use' }),
});

export const secretFetch = closed({ imei: Type.String({ minLength: 1, maxLength: 64 }) });
export const fetchedSecret = closed({ deviceId: opaqueId, secret, serverTime: isoTime });
export type FetchedSecret = Static<typeof fetchedSecret>;

export const credentialEventQuery = closed({ ...paging });
export const credentialEventPage = pageOf(
  closed({
    at: isoTime,
    event: oneOf([
      'secret_renewed',
      'secret_fetched',
      'window_opened',
      'window_closed',
      'certificate_pinned',
      'certificate_unpinned',
    ]),
    actor: oneOf(['operator', 'device']),
    detail: Type.String({
      description: 'Of a fetch the address it came from, of a window its end, of a certificate its SHA-256; else empty',
    }),
  }),
);

const csvProblem = closed({
  field: Type.String({ description: 'Name of the column; `line` for the line as a whole' }),
  value: nullable(Type.String({ description: 'As it is in the file; long ones are cut' })),
  expected: Type.String(),
});
const csvLine = closed({
  line: Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'In the file; the first line is 1' }),
  outcome: oneOf(['made', 'found', 'wrong']),
  imei: nullable(Type.String()),
  vehicleId: nullable(opaqueId),
  deviceId: nullable(opaqueId),
  secret: Type.Optional(secret),
  enrolmentWindowUntil: Type.Optional(isoTime),
  differs: Type.Optional(Type.Array(Type.String(), { description: 'Columns whose value is another one than what is stored' })),
  problems: Type.Optional(Type.Array(csvProblem)),
});
const count = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
export const csvEnrolmentResults = closed({
  isDryRun: Type.Boolean(),
  made: count,
  found: count,
  wrong: count,
  lines: Type.Array(csvLine),
});
export type CsvEnrolmentResults = Static<typeof csvEnrolmentResults>;
export const csvFile = Type.String({ minLength: 1, maxLength: apiLimits.enrolmentCsvBytesMax, description: 'docs/enrolment.md' });
export const csvEnrolmentQuery = closed({
  dryRun: Type.Optional(oneOf(['true', 'false'], { description: 'Answers what would become of it; nothing is stored' })),
  secrets: Type.Optional(
    oneOf(['answer', 'window', 'none'], {
      description: 'In the answer, once; to be fetched in a window; or none, for devices with certificates',
      default: 'answer',
    }),
  ),
  windowMinutes: Type.Optional(windowMinutes),
});

export const newAssignment = closed({ vehicleId: opaqueId, from: Type.Optional(timeField) });

export const deviceLogin = closed({
  imei: Type.String({ minLength: 1, maxLength: 64 }),
  secret: Type.String({ minLength: 1, maxLength: 256 }),
});
export const deviceToken = closed({ token: Type.String(), expiresAt: isoTime, serverTime: isoTime });
export type DeviceToken = Static<typeof deviceToken>;

const enrolment = closed({
  vehicle: newVehicle,
  device: closed({ imei, from: Type.Optional(from), kind: Type.Optional(oneOf(deviceKinds)) }),
});
/** Many vehicles with one new device each, for the first filling of a fleet. */
export const enrolments = closed({ items: Type.Array(enrolment, { minItems: 1, maxItems: apiLimits.enrolmentsMax }) });
export type EnrolmentsBody = Static<typeof enrolments>;

/** One answer for each item, in the order of the request. */
export const enrolmentResults = closed({ items: Type.Array(closed({ vehicleId: opaqueId, deviceId: opaqueId, secret })) });
export type EnrolmentResults = Static<typeof enrolmentResults>;
