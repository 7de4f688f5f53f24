import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock } from '../../../../kernel/index.ts';
import type { EventLog, Membership } from '../../../ports.ts';
import { type KafkaLogLimits, openKafkaLog } from '../index.ts';

/** Members of a group in tests, each with a log of its own. */

export const groupLimits: Partial<KafkaLogLimits> = {
  sessionTimeoutMs: 3000,
  rebalanceTimeoutMs: 6000,
  heartbeatMs: 100,
  requestTimeoutMs: 2000,
  retryMaxMs: 200,
};

export interface Heard {
  readonly partitions?: readonly number[];
  readonly generation?: number;
  readonly isLost?: boolean;
  readonly failed?: string;
}

/** What one member heard, and what it holds now. */
export class MemberNotes {
  readonly heard: Heard[] = [];
  held: readonly number[] = [];
  generation = 0;

  note(one: Heard): void {
    this.heard.push(one);
    this.held = one.partitions ?? [];
    this.generation = one.generation ?? this.generation;
  }
}

export interface TestMember {
  readonly log: EventLog;
  readonly membership: Membership;
  readonly notes: MemberNotes;
}

export const openMember = async (
  brokers: readonly string[],
  topic: string,
  revoked: (isLost: boolean) => Promise<void> = () => Promise.resolve(),
  limits: Partial<KafkaLogLimits> = groupLimits,
): Promise<TestMember> => {
  const log = await openKafkaLog({ brokers, topic, clock: systemClock, logger: silentLogger, limits });
  const notes = new MemberNotes();
  const membership = log.join({
    group: 'projector',
    assigned: (partitions, generation) => notes.note({ partitions, generation }),
    revoked: async (isLost) => {
      await revoked(isLost);
      notes.note({ isLost });
    },
    failed: (error) => notes.note({ failed: error.message }),
  });
  return { log, membership, notes };
};

const program = fileURLToPath(new URL('./member-program.ts', import.meta.url));

/** A member in a process of its own. */
export const spawnMember = (brokers: readonly string[], topic: string): { child: ChildProcess; notes: MemberNotes } => {
  const args = [program, brokers.join(), topic, JSON.stringify(groupLimits)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const notes = new MemberNotes();
  createInterface({ input: child.stdout }).on('line', (line) => notes.note(JSON.parse(line) as Heard));
  return { child, notes };
};

/** Waits for a condition; the time of the test is the limit. */
export const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await delay(10);
};

/** All of one generation, with every partition held once, and shares that differ by one at most. */
export const areShared = (partitions: number, members: readonly MemberNotes[]): boolean => {
  const held = members.flatMap((member) => member.held);
  const sizes = members.map((member) => member.held.length);
  return (
    held.length === partitions &&
    new Set(held).size === partitions &&
    Math.max(...sizes) - Math.min(...sizes) <= 1 &&
    members.every(({ generation }) => generation === members[0]?.generation)
  );
};
