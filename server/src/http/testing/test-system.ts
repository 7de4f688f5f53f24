import { dataFolderAt } from '../../app/data-folder.ts';
import { readConfiguration } from '../../app/settings.ts';
import { type OpenedSystem, openSystem } from '../../app/system/open-system.ts';
import type { EventLog } from '../../eventlog/index.ts';
import type { Clock, Logger } from '../../kernel/index.ts';
import type { TestStorage } from '../../storage/testing/test-storage.ts';
import type { PartReadiness, ServerFigures } from '../types.ts';

export interface TestSystemParts {
  readonly test: TestStorage;
  readonly eventLog: EventLog;
  readonly figures: ServerFigures;
  readonly readiness: () => Promise<PartReadiness[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** As in the server, of the test's folder; nothing can be rebuilt. */
export const openTestSystem = ({ test, eventLog, figures, readiness, clock, logger }: TestSystemParts): Promise<OpenedSystem> => {
  const base = { configuration: readConfiguration({}), folder: dataFolderAt(test.folder), clock, logger };
  const parts = { base, storage: test.storage, log: eventLog, figures, readiness, followed: () => undefined };
  return openSystem({ ...parts, rebuild: undefined, node: undefined });
};
