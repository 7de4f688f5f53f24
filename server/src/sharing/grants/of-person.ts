import type { Storage } from '../../storage/index.ts';
import { readEvents } from './rows.ts';
import { readGrantsOf } from './store.ts';
import type { StoredGrant } from './stored.ts';
import type { GrantEvent } from './types.ts';

export interface PersonalGrants {
  /** All that the person ever gave, or reads by, each with its history. */
  readonly grants: readonly (StoredGrant & { readonly history: readonly GrantEvent[] })[];
}

/** However long ago it ended. */
export const readPersonalGrants = (storage: Storage, personNo: number): Promise<PersonalGrants> =>
  storage.withActor({ kind: 'person', id: String(personNo) }, async (tx) => {
    const grants: PersonalGrants['grants'][number][] = [];
    for (const grant of await readGrantsOf(tx, personNo)) grants.push({ ...grant, history: await readEvents(tx, grant.id) });
    return { grants };
  });
