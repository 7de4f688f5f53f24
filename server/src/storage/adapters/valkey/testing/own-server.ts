import { type Engine, ensureValkey, startValkey } from '../../../../../../tools/lib/engines.mjs';
import { type Logger, silentLogger } from '../../../../kernel/index.ts';
import { openValkey, type Valkey, type ValkeyLimits } from '../index.ts';

/** Helpers of the tests that stop, kill and refuse: each has a server of its own. */

export interface TestContext {
  after(run: () => unknown): void;
  skip(why: string): void;
}

/** Undefined: it cannot be had, and the test is skipped. */
export const startTestValkey = async (context: TestContext): Promise<Engine | undefined> => {
  const found = ensureValkey();
  if ('problem' in found) {
    context.skip(found.problem);
    return undefined;
  }
  const engine = await startValkey(found.path);
  context.after(() => engine.remove());
  return engine;
};

/** Short waits, so that what must fail fails soon. */
export const quick: Partial<ValkeyLimits> = {
  openTimeoutMs: 2000,
  requestTimeoutMs: 300,
  pingEveryMs: 50,
  retryMs: 20,
  retryMaxMs: 200,
};

export const openTestValkey = async (
  context: TestContext,
  url: string,
  limits: Partial<ValkeyLimits> = {},
  logger: Logger = silentLogger,
): Promise<Valkey> => {
  const valkey = await openValkey({ url, logger, limits: { ...quick, ...limits } });
  context.after(() => valkey.close());
  return valkey;
};
