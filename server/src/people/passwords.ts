import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { invalidField, OperationalError } from '../kernel/index.ts';
import { peopleLimits } from './limits.ts';

/** What argon2id is asked for. */
export interface HashCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes. About 40 ms of a core. */
export const hashCost: HashCost = { memoryKib: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
const tagBytes = 32;

export interface Passwords {
  /** A PHC string. Throws `overloaded`. */
  hash(password: string): Promise<string>;
  /** The same work whether or not there is a hash; always false without one. Throws `overloaded`. */
  fits(password: string, hash: string | null): Promise<boolean>;
  /** Whether the hash was made with less than what is asked for now. */
  isWeak(hash: string): boolean;
}

const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/-]{1,86})\$([\w+/-]{1,86})$/;

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

const derive = (password: string, nonce: Uint8Array, cost: HashCost, tagLength: number): Promise<Buffer> =>
  new Promise((done, failed) => {
    // One spelling of a letter with an accent is as good as the other.
    const message = Buffer.from(password.normalize('NFKC'), 'utf8');
    const { memoryKib: memory, passes, parallelism } = cost;
    argon2('argon2id', { message, nonce, memory, passes, parallelism, tagLength }, (error, tag) =>
      error ? failed(error) : done(tag),
    );
  });

/** Lets a few work at once; the others wait in their order. */
class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= peopleLimits.hashingsMax) {
      if (this.#waiting.length >= peopleLimits.hashingsWaitingMax)
        throw new OperationalError('overloaded', 'too many people sign in at this moment', { retryAfterSeconds: 5 });
      await new Promise<void>((go) => this.#waiting.push(go));
    } else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** People's passwords, which are short: a slow hash. Secrets of devices are random and need none. */
export const makePasswords = (cost: HashCost = hashCost): Passwords => {
  const turns = new Turns();
  const hash = async (password: string): Promise<string> => {
    const salt = randomBytes(saltBytes);
    const tag = await turns.run(() => derive(password, salt, cost, tagBytes));
    return `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${cost.parallelism}$${encode(salt)}$${encode(tag)}`;
  };
  /** Of nobody: compared where there is none, so that an unknown name takes as long. */
  const nobodys = `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${cost.parallelism}$${encode(randomBytes(saltBytes))}$${encode(randomBytes(tagBytes))}`;
  return {
    hash,
    fits: async (password, known) => {
      const match = phc.exec(known ?? nobodys) ?? phc.exec(nobodys);
      const [, memory, passes, parallelism, salt, tag] = match as unknown as [string, string, string, string, string, string];
      const expected = Buffer.from(tag, 'base64');
      const wanted = { memoryKib: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
      const text = password.slice(0, peopleLimits.passwordCharactersMax);
      const made = await turns.run(() => derive(text, Buffer.from(salt, 'base64'), wanted, expected.length));
      return timingSafeEqual(made, expected) && known !== null && text === password;
    },
    isWeak: (known) => {
      const match = phc.exec(known);
      return !match || Number(match[1]) < cost.memoryKib || Number(match[2]) < cost.passes;
    },
  };
};

const hasFewLetters = (password: string): boolean => new Set(password.toLowerCase()).size < 5;

/**
 * Length counts, composition does not (NIST SP 800-63B): no rule about digits or signs, but nothing that says the account's own
 * name, and no few letters over and over. Throws `invalid_field`, without the value.
 */
export const checkPassword = (field: string, password: string, own: readonly string[]): string => {
  const { passwordCharactersMin: min, passwordCharactersMax: max } = peopleLimits;
  const length = Array.from(password.normalize('NFKC')).length;
  const refuse = (expected: string): never => {
    throw invalidField(field, '(hidden)', expected);
  };
  if (length < min || password.length > max) return refuse(`${min} to ${max} characters`);
  if (hasFewLetters(password)) return refuse('at least five different characters');
  const plain = password.toLowerCase();
  const taken = own.map((text) => text.toLowerCase()).find((text) => text.length >= 4 && plain.includes(text));
  if (taken !== undefined && plain.length - taken.length < min / 2) return refuse('more than your own name or address');
  return password;
};
