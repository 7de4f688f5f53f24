import type { Target } from '../../support/start-milepost.ts';
import { ask } from './ask.ts';
import type { Enrolled } from './make-fleet.ts';

/** A token of a device. */
export const logIn = async (milepost: Target, { imei, secret }: Enrolled): Promise<string> => {
  const answer = await ask(milepost, '/v1/devices/login', { method: 'POST', body: JSON.stringify({ imei, secret }) });
  if (!answer.ok) throw new Error(await answer.text());
  return ((await answer.json()) as { token: string }).token;
};
