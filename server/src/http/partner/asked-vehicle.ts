import type { FeedReader } from '../../feeds/index.ts';
import { assert, CallerError } from '../../kernel/index.ts';
import type { PartnerToken } from '../../oauth/index.ts';
import { partnerScope, type VehiclesAsked } from '../../sharing/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { grantSourcesOf } from '../grant-sources.ts';
import type { SharedAsk } from '../read-shared.ts';
import type { HttpDeps } from '../types.ts';

export type PartnerDeps = Pick<
  HttpDeps,
  'registry' | 'consents' | 'receipts' | 'vehicleIds' | 'live' | 'history' | 'trips' | 'vocabulary' | 'clock'
>;

/** As an app is told of changes. Throws `unavailable`. */
export const feedReaderOf = (
  deps: Pick<PartnerDeps, 'registry' | 'consents' | 'clock' | 'vocabulary'>,
  token: PartnerToken,
): FeedReader => ({
  appNo: token.app.appNo,
  scope: partnerScope(grantSourcesOf(deps), token.app.appNo),
  vehicleNos: new Set(vehicleNosOf(token, deps.consents)),
  grantIds: new Set(token.grantIds),
});

export const partnerTokenOf = (caller: Caller): PartnerToken => {
  assert(caller.actor === 'partner', 'a partner was let in');
  return caller.token;
};

/** Vehicles that the token was given for: what others gave the same app is not theirs to read. */
export const vehicleNosOf = ({ grantIds }: PartnerToken, { book }: PartnerDeps['consents']): number[] => [
  ...new Set(grantIds.flatMap((id) => book.byId(id)?.vehicleNo ?? [])),
];

/** The same, to ask for one of them: a fleet's token has thousands. */
const vehiclesOf = (token: PartnerToken, consents: PartnerDeps['consents']): VehiclesAsked => ({
  has: (vehicleNo) => {
    const reader = { kind: 'app', appNo: token.app.appNo } as const;
    return consents.book.of(reader, vehicleNo).some(({ id }) => token.grantIds.includes(id));
  },
  [Symbol.iterator]: () => vehicleNosOf(token, consents).values(),
});

/** Consent groups and paths, with commas; undefined: all that was ever granted. */
export const readItems = (text: string | undefined): readonly string[] | undefined => text?.split(',').map((item) => item.trim());

/** What is asked about a vehicle, by the id that the app has for it. Throws `not_found`, `unavailable`. */
export const askedVehicle = async (deps: PartnerDeps, caller: Caller, id: string, items?: string): Promise<SharedAsk> => {
  const { consents, vehicleIds } = deps;
  const token = partnerTokenOf(caller);
  const { appNo } = token.app;
  await consents.catchUp();
  const scope = partnerScope(grantSourcesOf(deps), appNo);
  const vehicleNo = vehicleIds.find(appNo, id, vehiclesOf(token, consents));
  if (vehicleNo === undefined) throw new CallerError('not_found', `there is no vehicle ${JSON.stringify(id)}`);
  return { scope, book: consents.book, reader: { kind: 'app', appNo }, vehicleNo, vehicle: id, items: readItems(items) };
};
