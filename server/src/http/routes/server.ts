import type { SignalDefinition } from '@milepost/contract';
import type { ServerConfig, SignalView } from '@milepost/contract/api';
import type { Caller } from '../access/authenticate.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';

const signalView = (signal: SignalDefinition): SignalView => {
  const isText = signal.kind === 'string' || signal.kind === 'stringList';
  return {
    number: signal.number,
    path: signal.path,
    label: signal.label,
    kind: signal.kind,
    unit: signal.unit,
    precision: 1 / signal.perUnit,
    min: isText ? 0 : signal.min,
    max: signal.max,
    ...(signal.values ? { values: [...signal.values] } : {}),
    group: signal.group,
    dataActClass: signal.dataActClass,
    origin: signal.origin,
    sourcePriority: [...signal.sourcePriority],
  };
};

/** As far as it decides what the web app shows. */
const youOf = (
  caller: Caller,
  { directory, possessions }: HttpDeps['registry'],
  { book }: HttpDeps['consents'],
): ServerConfig['you'] => {
  const { isOperator, reader } = caller;
  if (caller.actor !== 'person')
    return { name: null, isOperator, isStaff: reader.isStaff, customers: [], partners: [], hasVehicles: false };
  const { person, memberships } = caller.signedIn;
  const customers = memberships.flatMap(({ customerNo, role }) => {
    const customer = customerNo === null ? undefined : directory.customerByNo(customerNo);
    return customer ? [{ id: customer.id, name: customer.name, role }] : [];
  });
  const { personNo } = person;
  const granted = [...book.vehiclesOf({ kind: 'person', personNo })];
  const hasVehicles = granted.length > 0 || [...possessions.directory.vehiclesOfPerson(personNo)].length > 0;
  const partners = memberships.flatMap(({ kind, id, name, role }) => (kind === 'partner' ? [{ id, name, role }] : []));
  return { name: person.name, isOperator, isStaff: reader.isStaff, customers, partners, hasVehicles };
};

/** Routes about the server itself, its vocabulary and who is signed in. */
export const addServerRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { vocabulary, clock, config } = deps;
  routes.add('listSignals', () => {
    const { version, signals } = vocabulary();
    return { version, items: signals.map(signalView) };
  });

  routes.add('readSession', ({ caller }) => ({
    actor: caller.actor === 'person' ? ('person' as const) : ('operator' as const),
    name: caller.actor === 'person' ? caller.signedIn.person.name : null,
    isOperator: caller.isOperator,
    by: caller.by,
    expiresAt: toIsoOrNull(caller.expiresAt),
    serverTime: toIso(clock.now()),
  }));

  routes.add('readConfig', ({ caller }) => ({
    you: youOf(caller, deps.registry, deps.consents),
    version: config.version,
    serverTime: toIso(clock.now()),
    mapStyle: config.mapStyle && { ...config.mapStyle },
    isDemo: config.isDemo,
    demoNotes: [...config.demoNotes],
    lateAfterSeconds: config.lateAfterSeconds,
    offlineAfterSeconds: config.offlineAfterSeconds,
  }));

  addHealthRoutes(routes, { ...deps, version: config.version });
};

export interface HealthDeps extends Pick<HttpDeps, 'clock' | 'readiness'> {
  readonly version: string;
}

/** Whether the process runs, and whether it can do its work. */
export const addHealthRoutes = (routes: RouteRegistrar, { clock, readiness, version }: HealthDeps): void => {
  routes.add('checkHealth', () => ({ status: 'ok' as const, version, serverTime: toIso(clock.now()) }));

  routes.add('checkReadiness', async ({ reply }) => {
    const parts = await readiness();
    const isReady = parts.every((part) => part.isReady);
    if (!isReady) reply.code(503).header('retry-after', '1');
    return { isReady, parts: parts.map((part) => ({ ...part })) };
  });
};
