import { CallerError, type Clock, FailureCounter, networkOf } from '../kernel/index.ts';
import { failuresByAccount, failuresByNetwork } from './limits.ts';
import type { Whence } from './types.ts';

const tooMany = (waitMs: number): CallerError =>
  new CallerError('too_many_failures', 'too many failed sign-ins: wait before the next one', {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });

/** Failed sign-ins by whatever way. A network that failed too often waits; from elsewhere people get in, so a stranger locks nobody out. */
export class SignInFailures {
  readonly #clock: Clock;
  readonly #byAccount = new FailureCounter(failuresByAccount);
  readonly #byNetwork = new FailureCounter(failuresByNetwork);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `account`: what somebody wants to get into; undefined: not known yet. Throws `too_many_failures`. */
  check(account: string | undefined, from: Whence): void {
    const network = networkOf(from.address);
    const nowMs = this.#clock.steady();
    const ofAccount = account === undefined ? 0 : this.#byAccount.refusedMs(`${account} ${network}`, nowMs);
    const waitMs = Math.max(ofAccount, this.#byNetwork.refusedMs(network, nowMs));
    if (waitMs > 0) throw tooMany(waitMs);
  }

  /** Counts one. Answers `wrong`, or that it was one too many. */
  fail(account: string | undefined, from: Whence, wrong: CallerError): CallerError {
    const network = networkOf(from.address);
    const nowMs = this.#clock.steady();
    const ofAccount = account === undefined ? 0 : this.#byAccount.fail(`${account} ${network}`, nowMs);
    const waitMs = Math.max(ofAccount, this.#byNetwork.fail(network, nowMs));
    return waitMs > 0 ? tooMany(waitMs) : wrong;
  }
}
