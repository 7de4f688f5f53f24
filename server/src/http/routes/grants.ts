import type { GrantDetailView, GrantEventView, GrantView } from '@milepost/contract/api';
import { CallerError } from '../../kernel/index.ts';
import type { Vehicle } from '../../registry/index.ts';
import {
  grantLimits,
  type Granter,
  type GrantEvent,
  type GrantReader,
  previewOf,
  type StoredGrant,
} from '../../sharing/index.ts';
import { grantSourcesOf } from '../grant-sources.ts';
import { readShared } from '../read-shared.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { granterOf, isoOrNull, momentOf, ownVehicles } from './granter.ts';

type Deps = Pick<HttpDeps, 'registry' | 'partners' | 'consents' | 'receipts' | 'live' | 'history' | 'vocabulary' | 'clock'>;

/** Grants in words. */
class Views {
  readonly #deps: Deps;
  constructor(deps: Deps) {
    this.#deps = deps;
  }

  #vehicle(vehicleNo: number): GrantView['vehicle'] {
    const vehicle = this.#deps.registry.directory.vehicleByNo(vehicleNo);
    return { id: vehicle?.id ?? '', vin: vehicle?.vin ?? '', plate: vehicle?.plate ?? null };
  }

  #reader(reader: GrantReader, names: ReadonlyMap<number, string>): GrantView['reader'] {
    if (reader.kind === 'person') return { kind: 'person', name: names.get(reader.personNo) ?? '' };
    const app = this.#deps.partners.directory.list().find(({ appNo }) => appNo === reader.appNo);
    const partner = { id: app?.organisationId ?? '-', name: app?.organisationName ?? '' };
    return { kind: 'app', id: app?.id ?? '', name: app?.name ?? '', partner };
  }

  #holder(holder: StoredGrant['holder'], names: ReadonlyMap<number, string>): GrantView['holder'] {
    if (holder.kind === 'person') return { kind: 'person', name: names.get(holder.personNo) ?? '' };
    const customer = this.#deps.registry.directory.customerByNo(holder.customerNo);
    return { kind: 'customer', id: customer?.id ?? '-', name: customer?.name ?? '' };
  }

  async grants(grants: readonly StoredGrant[], by: Granter): Promise<GrantView[]> {
    const names = await this.#names(grants.flatMap(({ reader, holder }) => [reader, holder]));
    const useOf = await this.#useOf(grants, by);
    return grants.map((grant) => ({
      id: grant.id,
      state: grant.state,
      isMine: isHeldBy(grant, by),
      reader: this.#reader(grant.reader, names),
      holder: this.#holder(grant.holder, names),
      vehicle: this.#vehicle(grant.vehicleNo),
      items: [...grant.items],
      givenItems: [...grant.givenItems],
      purpose: grant.purpose,
      purposeVersion: grant.purposeVersion,
      givenAt: toIso(grant.givenAtMs),
      until: isoOrNull(grant.untilMs),
      backTo: toIso(grant.backToMs),
      endedAt: isoOrNull(grant.endedAtMs),
      endReason: grant.endReason,
      ...useOf(grant),
    }));
  }

  /** When something was last read by those that the granter may end, and whether that is long ago. */
  async #useOf(
    grants: readonly StoredGrant[],
    by: Granter,
  ): Promise<(grant: StoredGrant) => Pick<GrantView, 'lastReadAt' | 'isUnused'>> {
    const { receipts, clock } = this.#deps;
    const isAsked = (grant: StoredGrant): boolean => grant.state !== 'ended' && isHeldBy(grant, by);
    if (!grants.some(isAsked)) return () => ({ lastReadAt: null, isUnused: false });
    const fromMs = clock.now() - grantLimits.unusedDays * 86_400_000;
    const lastMs = await receipts.lastReads({ kind: 'person', id: String(by.personNo) }, by, fromMs);
    return (grant) => {
      const readMs = isAsked(grant) ? lastMs(grant.vehicleNo, grant.reader) : undefined;
      const isUnused = isAsked(grant) && readMs === undefined && grant.givenAtMs <= fromMs;
      // What was read by a grant before this one was not read by it.
      return { lastReadAt: readMs === undefined || readMs < grant.givenAtMs ? null : toIso(readMs), isUnused };
    };
  }

  #names(of: readonly (GrantReader | StoredGrant['holder'])[]): Promise<ReadonlyMap<number, string>> {
    return this.#deps.consents.namesOf(of.flatMap((one) => (one.kind === 'person' ? [one.personNo] : [])));
  }

  /** The words as they were when it was given. */
  async termsOf({ reader, purpose, purposeVersion }: StoredGrant): Promise<GrantDetailView['terms']> {
    if (reader.kind !== 'app') return null;
    const app = this.#deps.partners.directory.list().find(({ appNo }) => appNo === reader.appNo);
    const read = app && (await this.#deps.partners.apps.readPurpose(app.id, purpose, Number(purposeVersion)));
    return read ? { language: read.language, terms: read.terms } : null;
  }
}

const eventView = (event: GrantEvent, by: Granter): GrantEventView => ({
  at: toIso(event.atMs),
  kind: event.kind,
  isByYou: event.byPersonNo === by.personNo,
  items: event.kind === 'given' ? [...event.terms.items] : event.kind === 'narrowed' ? [...event.items] : null,
  until: isoOrNull(event.kind === 'given' ? event.terms.untilMs : event.kind === 'narrowed' ? event.untilMs : null),
  reason: event.kind === 'ended' ? event.reason : null,
  answer:
    'answer' in event && event.answer
      ? { textVersion: event.answer.textVersion, language: event.answer.language, method: event.answer.method }
      : null,
});

const isHeldBy = ({ holder }: StoredGrant, { personNo, customerNos }: Granter): boolean =>
  holder.kind === 'person' ? holder.personNo === personNo : customerNos.includes(holder.customerNo);

const isReadBy = ({ reader }: StoredGrant, { personNo }: Granter): boolean =>
  reader.kind === 'person' && reader.personNo === personNo;

const addGrantActs = (routes: RouteRegistrar, deps: Deps, views: Views): void => {
  const { consents, registry } = deps;
  const find = (id: string, by: Granter): StoredGrant => {
    const grant = consents.book.byId(id);
    if (grant && (isHeldBy(grant, by) || isReadBy(grant, by))) return grant;
    throw new CallerError('not_found', 'there is no such grant');
  };
  routes.add('listGrants', async ({ query, caller, request }) => {
    const by = granterOf(caller, request);
    const found = [...consents.book.all()].filter((grant) => isHeldBy(grant, by) || isReadBy(grant, by)).reverse();
    const shown = await views.grants(found, by);
    const { vehicle, app, item, state } = query;
    return {
      items: shown.filter(
        (grant) =>
          (vehicle === undefined || grant.vehicle.id === vehicle) &&
          (app === undefined || (grant.reader.kind === 'app' && grant.reader.id === app)) &&
          (item === undefined || grant.items.some((one) => one.item === item)) &&
          (state === undefined || grant.state === state),
      ),
    };
  });
  routes.add('readGrant', async ({ params, caller, request }) => {
    const by = granterOf(caller, request);
    const grant = find(params.id, by);
    const [view] = await views.grants([grant], by);
    const history = await consents.history(grant.id, by);
    const terms = await views.termsOf(grant);
    return { ...(view as GrantView), terms, history: history.map((event) => eventView(event, by)) };
  });
  routes.add('changeGrant', async ({ params, body, caller, request }) => {
    const by = granterOf(caller, request, body);
    let grant = find(params.id, by);
    const untilMs = momentOf(body.until);
    if (body.items || untilMs !== undefined) grant = await consents.narrow(grant.id, { items: body.items, untilMs }, by);
    if (body.state === 'paused') grant = await consents.pause(grant.id, by);
    if (body.state === 'active') grant = await consents.resume(grant.id, by);
    const [view] = await views.grants([grant], by);
    return view as GrantView;
  });
  routes.add('endGrant', async ({ params, caller, request }) => {
    const by = granterOf(caller, request);
    const grant = find(params.id, by);
    if (isHeldBy(grant, by)) await consents.end(grant.id, by);
    else await consents.giveUp(grant.id, grant.reader);
  });
  routes.add('trySharing', async ({ body, caller, request }) => {
    const by = granterOf(caller, request);
    const [vehicle] = ownVehicles(deps.registry, [body.vehicle], by);
    const { vehicleNo, id } = vehicle as Vehicle;
    const holder = registry.possessions.directory.holderNow(vehicleNo);
    if (!holder) throw new CallerError('not_found', 'there is no such vehicle');
    return readShared(deps, { ...previewOf(grantSourcesOf(deps), holder, vehicleNo, body.items), vehicleNo, vehicle: id });
  });
};

const addBlockRoutes = (routes: RouteRegistrar, { consents, partners }: Deps): void => {
  /** A partner that has an app is known. */
  const partnerOf = (id: string) => {
    const apps = partners.directory.list().filter(({ organisationId }) => organisationId === id);
    if (!apps[0]) throw new CallerError('not_found', 'there is no such partner');
    return { organisationNo: apps[0].organisationNo, appNos: apps.map(({ appNo }) => appNo) };
  };
  routes.add('listPartnerBlocks', async ({ caller, request }) => {
    const blocks = await consents.blocks(granterOf(caller, request).personNo);
    const apps = partners.directory.list();
    return {
      items: blocks.flatMap(({ organisationNo, atMs }) => {
        const app = apps.find((one) => one.organisationNo === organisationNo);
        return app ? [{ id: app.organisationId, name: app.organisationName, blockedAt: toIso(atMs) }] : [];
      }),
    };
  });
  routes.add('blockPartner', async ({ params, body, caller, request }) => {
    const { organisationNo, appNos } = partnerOf(params.id);
    await consents.block(organisationNo, appNos, granterOf(caller, request, body));
  });
  routes.add('unblockPartner', async ({ params, caller, request }) => {
    await consents.unblock(partnerOf(params.id).organisationNo, granterOf(caller, request));
  });
};

/** Who may read what of one's vehicles: lists, switches, requests. docs/consent.md */
export const addGrantRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const views = new Views(deps);
  addGrantActs(routes, deps, views);
  addBlockRoutes(routes, deps);
};
