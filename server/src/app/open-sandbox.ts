import type { History } from '../history/index.ts';
import { openIngest } from '../ingest/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import type { Live } from '../live/index.ts';
import { systemRandom } from '../registry/index.ts';
import { Sandbox } from '../sandbox/index.ts';
import type { Consents } from '../sharing/index.ts';
import type { Base, Closers, Stored } from './open-parts.ts';
import { priorValues } from './prior-values.ts';

export interface SandboxSources {
  readonly log: EventLog;
  readonly live: Live;
  readonly history: History;
  readonly consents: Consents;
}

/** Cars of sandboxes report through an ingest of their own: the process that is asked may be no gateway. */
export const openSandboxIn = (
  { clock, logger }: Pick<Base, 'clock' | 'logger'>,
  { storage, registry, vocabulary, retention }: Pick<Stored, 'storage' | 'registry' | 'vocabulary' | 'retention'>,
  { log, live, history, consents }: SandboxSources,
  closers: Pick<Closers, 'add'>,
): Sandbox => {
  const prior = priorValues({ live, history });
  const ingest = openIngest({ log, directory: registry.directory, vocabulary, prior, clock, retention });
  const sandbox = new Sandbox({ storage, registry, consents, ingest, clock, logger, random: systemRandom });
  closers.add('sandbox', () => sandbox.close());
  return sandbox;
};
