import assert from 'node:assert/strict';
import { type CallerError, type Clock, MilepostError, silentLogger } from '../../kernel/index.ts';
import type { Storage } from '../../storage/index.ts';
import { type Mail, makePasswords, openPeople, type OutsideProvider, type People } from '../index.ts';

/** With which code something was refused; `done`: it was not. Only errors of the kind given may come. */
export const codeOf = async (
  work: Promise<unknown>,
  kind: typeof MilepostError | typeof CallerError = MilepostError,
): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    assert.ok(error instanceof kind, String(error));
    return error.code;
  }
};

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
