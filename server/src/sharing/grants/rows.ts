import type { ConsentItem, GrantState } from '@milepost/contract/api';
import { sql } from 'kysely';
import type { Transaction } from '../../storage/index.ts';
import type { StoredGrant } from './stored.ts';
import type { EndReason, GrantEvent, GrantReader, Holder, Pause } from './types.ts';

const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);

interface ReaderColumns {
  readonly appNo: number | null;
  readonly readerPersonNo: number | null;
}

export interface GrantRow extends ReaderColumns {
  readonly grantNo: number;
  readonly id: string;
  readonly holderPersonNo: number | null;
  readonly holderCustomerNo: number | null;
  readonly vehicleNo: number;
  readonly items: readonly ConsentItem[];
  readonly givenItems: readonly ConsentItem[];
  readonly purpose: string;
  readonly purposeVersion: string;
  readonly givenAtMs: number;
  readonly untilMs: number | null;
  readonly backToMs: number;
  readonly state: GrantState;
  readonly pauses: readonly (readonly [number, number | null])[];
  readonly endedAtMs: number | null;
  readonly endReason: EndReason | null;
  readonly revision: number;
}

export const grantColumns = sql`grant_no as "grantNo", id, holder_person_no as "holderPersonNo", holder_customer_no as "holderCustomerNo",
  app_no as "appNo", reader_person_no as "readerPersonNo", vehicle_no as "vehicleNo", items, given_items as "givenItems", purpose,
  purpose_version as "purposeVersion", ${ms('given_at')} as "givenAtMs", ${ms('until_at')} as "untilMs", ${ms('back_to')} as "backToMs",
  state, pauses, ${ms('ended_at')} as "endedAtMs", end_reason as "endReason", revision`;

const toReader = ({ appNo, readerPersonNo }: ReaderColumns): GrantReader =>
  appNo === null ? { kind: 'person', personNo: readerPersonNo ?? 0 } : { kind: 'app', appNo };

const toHolder = (personNo: number | null, customerNo: number | null): Holder =>
  personNo === null ? { kind: 'customer', customerNo: customerNo ?? 0 } : { kind: 'person', personNo };

export const toGrant = (row: GrantRow): StoredGrant => {
  const { holderPersonNo, holderCustomerNo, appNo, readerPersonNo, pauses, ...rest } = row;
  return {
    ...rest,
    holder: toHolder(holderPersonNo, holderCustomerNo),
    reader: toReader({ appNo, readerPersonNo }),
    pauses: pauses.map(([fromMs, toMs]): Pause => ({ fromMs, toMs })),
  };
};

export const readEvents = async (tx: Transaction, id: string): Promise<GrantEvent[]> => {
  const { rows } = await sql<{ readonly detail: GrantEvent }>`select detail from grant_events
    where grant_no = (select g.grant_no from grants g where g.id = ${id}) order by event_no`.execute(tx);
  return rows.map(({ detail }) => detail);
};
