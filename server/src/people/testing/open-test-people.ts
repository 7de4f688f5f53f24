import { type Clock, silentLogger } from '../../kernel/index.ts';
import type { Storage } from '../../storage/index.ts';
import { type Mail, makePasswords, openPeople, type OutsideProvider, type People } from '../index.ts';

/** Cheap: what tests show does not depend on how slow a hash is. */
export const testPasswords = makePasswords({ memoryKib: 64, passes: 1, parallelism: 1 });

export interface TestPeople {
  readonly people: People;
  /** Mails in the order in which they were sent. */
  readonly mails: Mail[];
  /** The code of the newest link to an address. */
  codeFor(email: string): string;
}

export const openTestPeople = async (
  storage: Storage,
  clock: Clock,
  providers: readonly OutsideProvider[] = [],
): Promise<TestPeople> => {
  const mails: Mail[] = [];
  const people = await openPeople({
    storage,
    clock,
    logger: silentLogger,
    pepper: Buffer.alloc(32, 1),
    mailer: { send: async (mail) => void mails.push(mail), close: async () => {} },
    publicUrl: () => 'https://milepost.example',
    passwords: testPasswords,
    providers,
  });
  return {
    people,
    mails,
    codeFor: (email) => {
      const mail = mails.findLast(({ to }) => to === email);
      const code = /\?code=([\w-]{43})/.exec(mail?.text ?? '')?.[1];
      if (!code) throw new Error(`no link was sent to ${email}: ${mail?.text ?? 'no mail'}`);
      return code;
    },
  };
};
