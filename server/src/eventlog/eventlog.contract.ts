import { after, beforeEach, describe } from 'node:test';
import { testAppending } from './contract/appending.contract.ts';
import { testFollowing } from './contract/following.contract.ts';
import { testJoining } from './contract/joining.contract.ts';
import type { LogHarness } from './contract/log-harness.ts';
import { testReading } from './contract/reading.contract.ts';
import { testRetention } from './contract/retention.contract.ts';

export type { LogHarness, LogSettings } from './contract/log-harness.ts';

/** Every promise of the port `EventLog`, for each of its adapters. */
export const eventLogContract = (name: string, makeHarness: () => Promise<LogHarness>): void => {
  describe(`event log: ${name}`, () => {
    const harnesses: LogHarness[] = [];
    let next: LogHarness;
    after(async () => {
      for (const harness of harnesses) await harness.remove();
    });
    const opened = (): LogHarness => next;
    const parts = {
      appending: testAppending,
      following: testFollowing,
      joining: testJoining,
      reading: testReading,
      retention: testRetention,
    };
    for (const [part, tests] of Object.entries(parts)) {
      describe(part, () => {
        beforeEach(async () => {
          next = await makeHarness();
          harnesses.push(next);
        });
        tests(opened);
      });
    }
  });
};
