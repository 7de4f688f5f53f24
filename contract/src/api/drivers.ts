import Type, { type Static } from 'typebox';
import { byId, manager, operator, reader } from './route.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeField } from './shared.ts';

const name = Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax });
const number = Type.String({
  minLength: 1,
  maxLength: apiLimits.driverNumberCharactersMax,
  description: 'What the customer calls the driver by besides the name; the same is never given twice within a customer',
});
const customer = Type.String({
  minLength: 1,
  maxLength: apiLimits.nameCharactersMax,
  description: 'Name or id; a name that is not there is made',
});

export const newDriver = closed({ name, number: Type.Optional(number), customer });
export type NewDriverBody = Static<typeof newDriver>;
export const driverChanges = closed(
  { name: Type.Optional(name), number: Type.Optional(nullable(number)), customer: Type.Optional(customer) },
  { minProperties: 1 },
);

const vehicleRef = closed({ id: opaqueId, plate: nullable(Type.String()), vin: Type.String() });

export const driver = closed({
  id: opaqueId,
  name,
  number: nullable(Type.String()),
  customer: Type.String({ description: 'Name' }),
  customerId: opaqueId,
  createdAt: isoTime,
  endedAt: nullable(isoTime),
  vehicle: Type.Union([nullable(vehicleRef)], { description: 'The one the driver is assigned to now' }),
});
export type DriverView = Static<typeof driver>;
export const driverPage = pageOf(driver);

export const driverStates = ['active', 'ended', 'all'] as const;
export const driverQuery = closed({
  q: Type.Optional(
    Type.String({
      maxLength: apiLimits.searchCharactersMax,
      description: 'Words that name, number or customer contain, all of them',
    }),
  ),
  customer: Type.Optional(Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax, description: 'Name or id' })),
  state: Type.Optional(oneOf(driverStates, { default: 'active' })),
  ...paging,
});
export type DriverQuery = Static<typeof driverQuery>;

const period = {
  from: Type.Union([nullable(isoTime)], { description: 'null: as far back as anything is known' }),
  to: Type.Union([nullable(isoTime)], { description: 'Exclusive; null: still' }),
};

/** Who drove which vehicle from when to when. */
export const driverAssignment = closed({
  id: opaqueId,
  vehicle: vehicleRef,
  driver: closed({ id: opaqueId, name }),
  ...period,
});
export type DriverAssignmentView = Static<typeof driverAssignment>;
export const driverAssignmentPage = pageOf(driverAssignment);

const openStart = Type.Union([nullable(timeField)], { description: 'null: as far back as anything is known' });
export const newDriverAssignment = closed({
  driverId: opaqueId,
  from: Type.Optional(
    Type.Union([nullable(timeField)], { description: 'Now when not given; null: as far back as anything is known' }),
  ),
  to: Type.Optional(Type.Union([timeField], { description: 'Exclusive; still when not given' })),
});
export const driverAssignmentChanges = closed(
  {
    from: Type.Optional(openStart),
    to: Type.Optional(Type.Union([nullable(timeField)], { description: 'Exclusive; null: still' })),
  },
  { minProperties: 1 },
);

const assignmentId = closed({ id: opaqueId, assignment: opaqueId });

const csvProblem = closed({
  field: Type.String({ description: 'Name of the column; `line` for the line as a whole' }),
  value: nullable(Type.String({ description: 'As it is in the file; long ones are cut' })),
  expected: Type.String(),
});
export const driverLineOutcomes = ['made', 'changed', 'found', 'wrong'] as const;
const driverLine = closed({
  line: Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'In the file; the first line is 1' }),
  outcome: oneOf(driverLineOutcomes, {
    description:
      'made: a driver or an assignment is new; changed: an assignment that was open has ended; found: all of it was there',
  }),
  name: nullable(Type.String()),
  driverId: nullable(opaqueId),
  vehicleId: nullable(opaqueId),
  assignmentId: nullable(opaqueId),
  differs: Type.Optional(Type.Array(Type.String(), { description: 'Columns whose value is another one than what is stored' })),
  problems: Type.Optional(Type.Array(csvProblem)),
});
const count = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
export const driverCsvResults = closed({
  isDryRun: Type.Boolean(),
  made: count,
  changed: count,
  found: count,
  wrong: count,
  lines: Type.Array(driverLine),
});
export type DriverCsvResults = Static<typeof driverCsvResults>;
const csvFile = Type.String({ minLength: 1, maxLength: apiLimits.driverCsvBytesMax, description: 'docs/drivers.md' });
const csvQuery = closed({
  dryRun: Type.Optional(oneOf(['true', 'false'], { description: 'Answers what would become of it; nothing is stored' })),
});

/** In it nobody but its driver sees where the vehicle is. */
export const privatePeriod = closed({
  id: opaqueId,
  from: isoTime,
  to: Type.Union([nullable(isoTime)], { description: 'Exclusive; null: still' }),
  driver: Type.Union([nullable(closed({ id: opaqueId, name }))], { description: 'Whose it is; null: nobody was assigned' }),
});
export type PrivatePeriodView = Static<typeof privatePeriod>;
export const privatePeriodPage = pageOf(privatePeriod);
export const newPrivatePeriod = closed({
  trip: Type.Optional(
    Type.Union([opaqueId], { description: 'All of a trip of the vehicle that has ended, instead of `from` and `to`' }),
  ),
  from: Type.Optional(Type.Union([timeField], { description: 'Now when not given; not after now' })),
  to: Type.Optional(Type.Union([timeField], { description: 'Exclusive, not after now; until it is ended when not given' })),
});
export const privatePeriodsMade = closed({
  items: Type.Array(privatePeriod, { description: 'Those that hold the period asked for, oldest first' }),
});

const tag = 'drivers' as const;
const takeOver =
  'An assignment of the vehicle or the driver that is open and began before ends there; one that is closed must not overlap. A driver is on one vehicle at a time.';

export const driverRoutes = {
  createDriver: manager({
    method: 'POST',
    path: '/v1/drivers',
    summary: 'Add a driver',
    tag,
    body: newDriver,
    status: 201,
    response: closed({ id: opaqueId }),
  }),
  listDrivers: reader({
    method: 'GET',
    path: '/v1/drivers',
    summary: 'List and search drivers, by name',
    tag,
    query: driverQuery,
    status: 200,
    response: driverPage,
  }),
  readDriver: reader({
    method: 'GET',
    path: '/v1/drivers/{id}',
    summary: 'Read a driver',
    tag,
    params: byId,
    status: 200,
    response: driver,
  }),
  changeDriver: manager({
    method: 'PATCH',
    path: '/v1/drivers/{id}',
    summary: 'Change a driver',
    description: 'null removes a value.',
    tag,
    params: byId,
    body: driverChanges,
    status: 200,
    response: driver,
  }),
  endDriver: manager({
    method: 'DELETE',
    path: '/v1/drivers/{id}',
    summary: 'End a driver',
    description: 'The assignment of now ends with it; who drove what before stays readable.',
    tag,
    params: byId,
    status: 204,
  }),
  importDrivers: operator({
    method: 'POST',
    path: '/v1/drivers/csv',
    summary: 'Add drivers and who drives what from a CSV file',
    description: 'Each line has an outcome of its own; good lines are stored even when others are wrong. docs/drivers.md',
    tag,
    query: csvQuery,
    body: csvFile,
    bodyText: { type: 'text/csv', bytesMax: apiLimits.driverCsvBytesMax },
    status: 200,
    response: driverCsvResults,
  }),
  listDriverAssignments: reader({
    method: 'GET',
    path: '/v1/drivers/{id}/vehicles',
    summary: 'List which vehicles a driver was assigned to, newest first',
    tag,
    params: byId,
    query: closed({ ...paging }),
    status: 200,
    response: driverAssignmentPage,
  }),
  listVehicleDrivers: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/drivers',
    summary: 'List who was assigned to a vehicle, newest first',
    tag,
    params: byId,
    query: closed({ ...paging }),
    status: 200,
    response: driverAssignmentPage,
  }),
  assignDriver: manager({
    method: 'POST',
    path: '/v1/vehicles/{id}/drivers',
    summary: 'Assign a driver to a vehicle',
    description: takeOver,
    tag,
    params: byId,
    body: newDriverAssignment,
    status: 201,
    response: driverAssignment,
  }),
  changeDriverAssignment: manager({
    method: 'PATCH',
    path: '/v1/vehicles/{id}/drivers/{assignment}',
    summary: 'End or correct an assignment of a driver',
    tag,
    params: assignmentId,
    body: driverAssignmentChanges,
    status: 200,
    response: driverAssignment,
  }),
  removeDriverAssignment: manager({
    method: 'DELETE',
    path: '/v1/vehicles/{id}/drivers/{assignment}',
    summary: 'Remove an assignment that never was',
    tag,
    params: assignmentId,
    status: 204,
  }),
  listPrivatePeriods: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/private',
    summary: 'List the private periods of a vehicle, newest first',
    tag,
    params: byId,
    query: closed({ ...paging }),
    status: 200,
    response: privatePeriodPage,
  }),
  makePrivate: manager({
    method: 'POST',
    path: '/v1/vehicles/{id}/private',
    summary: 'Make a vehicle’s trips private, from now on or of a past period',
    description:
      'Position, heading and altitude of the period, and whatever is worked out from them, are hidden from everybody but its driver; mileage, energy and warnings are not. What was private stays so.',
    tag,
    params: byId,
    body: newPrivatePeriod,
    status: 201,
    response: privatePeriodsMade,
  }),
  endPrivate: manager({
    method: 'DELETE',
    path: '/v1/vehicles/{id}/private',
    summary: 'End the private period of now',
    description: 'Positions are shown from the next report on.',
    tag,
    params: byId,
    status: 204,
  }),
} as const;
