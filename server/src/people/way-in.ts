import { CallerError } from '../kernel/index.ts';
import type { Transaction } from '../storage/index.ts';
import { countWaysIn, lockAccount } from './store-people.ts';
import type { Person } from './types.ts';

/** After one was removed, in the same transaction: of two at once the second one finds what the first one left. Throws `in_use`. */
export const checkWayIn = async (tx: Transaction, { personNo }: Pick<Person, 'personNo'>): Promise<void> => {
  await lockAccount(tx, personNo);
  if ((await countWaysIn(tx, personNo)) > 0) return;
  throw new CallerError('in_use', 'this is the only way into your account: set a password, or add another one, first');
};
