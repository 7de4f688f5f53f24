import { CallerError } from '../kernel/index.ts';
import type { Transaction } from '../storage/index.ts';
import { countWaysIn } from './store-people.ts';
import type { Person } from './types.ts';

/** After one was removed, in the same transaction. Throws `in_use`. */
export const checkWayIn = async (tx: Transaction, { personNo }: Pick<Person, 'personNo'>): Promise<void> => {
  if ((await countWaysIn(tx, personNo)) > 0) return;
  throw new CallerError('in_use', 'this is the only way into your account: set a password, or add another one, first');
};
