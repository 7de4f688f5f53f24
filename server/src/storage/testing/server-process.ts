import { systemClock, makeLogger } from '../../kernel/index.ts';
import { startEmbeddedPostgres } from '../adapters/embedded-postgres/index.ts';
import { openStorage } from '../store.ts';

/**
 * A server process for tests that kill one, or that need one of another user: starts PostgreSQL in the folder named by the first
 * argument, tells its id as a line of JSON, runs until its input ends.
 */
const logger = makeLogger('error');
const postgres = await startEmbeddedPostgres({ dataFolder: process.argv[2] as string, clock: systemClock, logger });
const storage = await openStorage({ config: postgres.config, clock: systemClock, logger });
await storage.ping();
process.stdout.write(`${JSON.stringify({ pid: postgres.pid(), socketFolder: postgres.config.host })}\n`);
process.stdin.resume().once('end', () => {
  void storage.close().then(() => postgres.stop());
});
