import { type ConsentGroup, consentGroups, dataActKindOf, type SignalDefinition, usualFrequency } from '@milepost/contract';
import type { Catalogue, CatalogueItem } from '@milepost/contract/api';
import { type DerivedThing, derivedItems } from '../../events/index.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

const vehicle = '/v1/vehicles/{id}';
const partnerVehicle = '/v1/partner/vehicles/{id}';

const ownerWay = (path: string): CatalogueItem['ways'][number] => ({ for: 'owner', path: `${vehicle}${path}` });
const partnerWay = (path: string): CatalogueItem['ways'][number] => ({ for: 'partner', path: `${partnerVehicle}${path}` });

interface Thing {
  readonly item: string;
  readonly label: string;
  readonly group: ConsentGroup;
  /** What it takes to see all of it. */
  readonly parts: readonly DerivedThing[];
  readonly ways: CatalogueItem['ways'];
  readonly isOfService?: true;
}

/** What Milepost makes of signals, by the lists of the API. */
const things: readonly Thing[] = [
  {
    item: 'trips',
    label: 'Trips',
    group: 'driving',
    parts: ['trip', 'tripPlace', 'tripMotion', 'tripEnergy'],
    ways: [ownerWay('/trips'), partnerWay('/trips')],
  },
  {
    item: 'stops',
    label: 'Stops',
    group: 'driving',
    parts: ['stop', 'stopPlace'],
    ways: [ownerWay('/stops'), partnerWay('/stops')],
  },
  {
    item: 'charging',
    label: 'Charging sessions',
    group: 'energy',
    parts: ['charging', 'chargingPlace'],
    ways: [ownerWay('/charging'), partnerWay('/charging')],
  },
  {
    item: 'mileage',
    label: 'Distance of each day',
    group: 'mileage',
    parts: ['dayDistance'],
    ways: [ownerWay('/mileage'), partnerWay('/mileage')],
  },
  {
    item: 'connection',
    label: 'When it was connected',
    group: 'status',
    parts: [],
    ways: [ownerWay('/status')],
    isOfService: true,
  },
];

const signalItem = (signal: SignalDefinition, retentionDays: number): CatalogueItem => ({
  item: signal.path,
  label: signal.label,
  group: signal.group,
  madeOf: [],
  kind: signal.kind,
  unit: signal.unit === '' ? null : signal.unit,
  ...(signal.values ? { values: [...signal.values] } : {}),
  frequency: usualFrequency[signal.group],
  retentionDays,
  dataAct: { kind: dataActKindOf(signal.dataActClass), class: signal.dataActClass, isReadilyAvailable: true },
  ways: [
    ownerWay(`/history?signals=${signal.path}`),
    partnerWay(`?items=${signal.path}`),
    partnerWay(`/history?items=${signal.path}`),
  ],
});

const thingItem = ({ item, label, group, parts, ways, isOfService }: Thing, retentionDays: number): CatalogueItem => ({
  item,
  label,
  group,
  madeOf: consentGroups.filter((one) => parts.some((part) => (derivedItems[part] as readonly ConsentGroup[]).includes(one))),
  kind: 'derived',
  unit: null,
  frequency: isOfService ? 'change' : group === 'mileage' ? 'minute' : 'trip',
  retentionDays,
  dataAct: isOfService
    ? { kind: 'related_service_data', class: 'raw', isReadilyAvailable: true }
    : { kind: 'inferred', class: 'derived', isReadilyAvailable: true },
  ways: [...ways],
});

/** What data there are: for everybody, made of the vocabulary. docs/consent.md */
export const addCatalogueRoutes = (routes: RouteRegistrar, { vocabulary, retention }: HttpDeps): void => {
  routes.add('readCatalogue', (): Catalogue => {
    const { version, signals } = vocabulary();
    const kept = retention.effective({});
    return {
      version,
      items: [
        ...signals.map((signal) => signalItem(signal, kept[signal.group].days)),
        ...things.map((thing) => thingItem(thing, kept[thing.group].days)),
      ],
    };
  });
};
