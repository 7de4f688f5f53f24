/**
 * The long form of the fault tests, `npm run torture`: twenty times kill -9 under a stream, each with its recovery time.
 * `KILL_ROUNDS` changes the number. `npm test` has three.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const file = path.resolve(import.meta.dirname, 'kill.e2e.test.ts');
const env = { ...process.env, KILL_ROUNDS: process.env['KILL_ROUNDS'] ?? '20' };
const { status } = spawnSync(process.execPath, ['--test', file], { stdio: 'inherit', env });
process.exit(status ?? 1);
