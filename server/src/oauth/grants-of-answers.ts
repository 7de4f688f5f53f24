import { CallerError } from '../kernel/index.ts';
import type { Directory } from '../registry/index.ts';
import type { Consents, Granter, NewGrants, StoredGrant, VehicleIds } from '../sharing/index.ts';
import type { ConsentAnswer, ConsentAnswers, GivenConsent } from './ports.ts';

export interface GrantsOfAnswersParts {
  readonly consents: Pick<Consents, 'giveAll' | 'book' | 'catchUp'>;
  readonly directory: Pick<Directory, 'vehicleById'>;
  readonly vehicleIds: VehicleIds;
}

type Told = GivenConsent['details'][number];

const isReadBy = ({ reader }: StoredGrant, appNo: number): boolean => reader.kind === 'app' && reader.appNo === appNo;

/** Answers to what apps ask, as grants of the vehicles that the person holds. */
export const grantsOfAnswers = ({ consents, directory, vehicleIds }: GrantsOfAnswersParts): ConsentAnswers => {
  const vehicleNoOf = (id: string): number => {
    const vehicle = directory.vehicleById(id);
    if (vehicle) return vehicle.vehicleNo;
    throw new CallerError('not_found', `there is no vehicle ${JSON.stringify(id)}`);
  };
  const wantedOf = ({ app, asked, items, purposeVersion, untilMs, backDays, vehicles }: ConsentAnswer): NewGrants => ({
    reader: { kind: 'app', appNo: app.appNo },
    vehicleNos: vehicles.map(vehicleNoOf),
    items,
    purpose: asked.purpose,
    purposeVersion: String(purposeVersion),
    untilMs,
    backDays,
  });
  const granterOf = ({ personNo, customerNos, address, purposeVersion, language, method }: ConsentAnswer): Granter => ({
    personNo,
    customerNos,
    address,
    answer: { textVersion: String(purposeVersion), language, method },
  });
  const toldOf = ({ app, asked, items, vehicles, untilMs, backDays }: ConsentAnswer): Told => ({
    type: asked.type,
    purpose: asked.purpose,
    vehicles: vehicles.map((id) => vehicleIds.idOf(app.appNo, vehicleNoOf(id))),
    items: [...items],
    backDays,
    ...(untilMs === null ? {} : { until: new Date(untilMs).toISOString() }),
  });
  return {
    give: async (answers) => {
      const [first] = answers;
      if (!first) return { grantIds: [], details: [] };
      const grants = await consents.giveAll(answers.map(wantedOf), granterOf(first));
      const grantIds = grants.filter((grant) => isReadBy(grant, first.app.appNo)).map(({ id }) => id);
      return { grantIds, details: answers.map(toldOf) };
    },
    // One that has ended is remembered for a while: the app is told why there is nothing more.
    isAnyLeft: (grantIds) => grantIds.some((id) => consents.book.byId(id) !== undefined),
    catchUp: () => consents.catchUp(),
  };
};
