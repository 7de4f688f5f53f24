import type { Transaction } from '../storage/index.ts';
import { announceForgotten } from './record-adapter.ts';
import { deleteOfPerson } from './store-records.ts';

/** In the transaction in which a person is forgotten: tokens, codes and agreements end, on every process. Answers how many. */
export const forgetPerson = async (tx: Transaction, personId: string, email: string): Promise<number> => {
  const appIds = await deleteOfPerson(tx, personId, email);
  for (const appId of new Set(appIds)) if (appId !== null) await announceForgotten(tx, { appId });
  return appIds.length;
};
