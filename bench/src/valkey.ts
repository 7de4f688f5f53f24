/**
 * Valkey as the place for snapshots and as fan-out, on a server of its own; the folder beside it. `node bench/src/valkey.ts [megabytes] [seconds]`; prints one
 * JSON object a line.
 */
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makeLogger, systemClock } from '../../server/src/kernel/index.ts';
import { openSnapshotFolder } from '../../server/src/storage/adapters/folder/index.ts';
import { makeMemoryFanOut } from '../../server/src/storage/adapters/memory/index.ts';
import { makeValkeySnapshotStore, openValkey, openValkeyFanOut } from '../../server/src/storage/adapters/valkey/index.ts';
import type { FanOut, SnapshotStore } from '../../server/src/storage/index.ts';
import { ensureValkey, startValkey } from '../../tools/lib/engines.mjs';
import { cpuSecondsOf, memoryMbOf } from './server.ts';

const megabytes = Number(process.argv[2] ?? 100);
const seconds = Number(process.argv[3] ?? 10);
const rounds = 5;
const partBytes = 250_000;
const messageBytes = 100;
const messagesPerSecond = 1000;
const messagesAtOnce = 100;
const fullSpeedMessages = 200_000;
const logger = makeLogger('warn');
const round = (value: number): number => Math.round(value * 100) / 100;
const print = (figures: Record<string, unknown>): void => console.log(JSON.stringify(figures));
const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const quantile = (values: readonly number[], share: number): number =>
  round(sorted(values)[Math.floor((values.length - 1) * share)] ?? Number.NaN);

/** One part again and again: making them is not what is measured. */
async function* parts(): AsyncIterable<Uint8Array> {
  const part = randomFillSync(Buffer.alloc(partBytes));
  for (let bytes = 0; bytes < megabytes * 1e6; bytes += partBytes) yield part;
}

/** Wall and CPU time of this process, ms, and that of the server. */
const timed = async (serverPid: number | undefined, run: () => Promise<unknown>) => {
  const serverSeconds = async (): Promise<number> => (serverPid === undefined ? 0 : cpuSecondsOf(serverPid));
  const [before, since, startedAt] = [await serverSeconds(), process.cpuUsage(), performance.now()];
  await run();
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(since);
  return { wallMs, cpuMs: (user + system) / 1000, serverCpuMs: ((await serverSeconds()) - before) * 1000 };
};

/** The median of some rounds. */
const measureStore = async (what: string, store: SnapshotStore, serverPid?: number): Promise<void> => {
  const figures: Record<string, number> = {};
  const kinds = { write: () => store.write('bench', parts()), read: () => store.read('bench') };
  for (const [kind, run] of Object.entries(kinds)) {
    await run();
    const times = [];
    for (let i = 0; i < rounds; i++) times.push(await timed(serverPid, run));
    figures[`${kind}MbPerSecond`] = Math.round(
      (megabytes * 1000) /
        quantile(
          times.map(({ wallMs }) => wallMs),
          0.5,
        ),
    );
    figures[`${kind}CpuMs`] = quantile(
      times.map(({ cpuMs }) => cpuMs),
      0.5,
    );
    if (serverPid !== undefined)
      figures[`${kind}ServerCpuMs`] = quantile(
        times.map(({ serverCpuMs }) => serverCpuMs),
        0.5,
      );
  }
  print({ what, megabytes, ...figures });
};

/** One publisher, one subscriber: how long a message takes at an easy pace, and what it costs at full speed. */
const measureFanOut = async (what: string, from: FanOut, to: FanOut, serverPid?: number): Promise<void> => {
  const latencies: number[] = [];
  let heard = 0;
  await to.subscribe('bench', {
    heard: (message) => {
      heard++;
      latencies.push(performance.now() - message.readDoubleLE(0));
    },
    gap: () => {
      throw new Error('a message was lost');
    },
  });
  const publish = (): Promise<void> => {
    const message = Buffer.alloc(messageBytes);
    message.writeDoubleLE(performance.now(), 0);
    return from.publish('bench', message);
  };
  const startedAt = performance.now();
  for (let sent = 0; sent < seconds * messagesPerSecond; ) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * messagesPerSecond);
    for (; sent < due; sent++) await publish();
    await wait(1);
  }
  const paced = heard;
  const figures = { latencyP50Ms: quantile(latencies, 0.5), latencyP99Ms: quantile(latencies, 0.99) };
  const full = await timed(serverPid, async () => {
    for (let sent = 0; sent < fullSpeedMessages; sent += messagesAtOnce)
      await Promise.all(Array.from({ length: messagesAtOnce }, publish));
    while (heard < paced + fullSpeedMessages) await wait(1);
  });
  print({
    what,
    messagesPerSecond,
    ...figures,
    fullSpeedPerSecond: Math.round(fullSpeedMessages / (full.wallMs / 1000)),
    cpuMicrosAMessage: round((full.cpuMs * 1000) / fullSpeedMessages),
    serverCpuMicrosAMessage: round((full.serverCpuMs * 1000) / fullSpeedMessages),
  });
};

const measureFolder = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-snapshots-'));
  await measureStore('snapshot, folder', openSnapshotFolder(folder, systemClock));
  rmSync(folder, { recursive: true });
};

const found = ensureValkey();
if ('problem' in found) throw new Error(found.problem);
const engine = await startValkey(found.path);
try {
  const url = `redis://${engine.address}`;
  const [publisher, hearer] = [await openValkey({ url, logger }), await openValkey({ url, logger })];
  const emptyMb = await memoryMbOf(engine.pid);
  const memory = makeMemoryFanOut({ logger });
  await measureFanOut('fan-out, memory', memory, memory);
  await measureFanOut('fan-out, Valkey', await openValkeyFanOut(publisher), await openValkeyFanOut(hearer), engine.pid);
  await measureFolder();
  const store = makeValkeySnapshotStore(publisher);
  await store.write('once', parts());
  const withOneMb = await memoryMbOf(engine.pid);
  await measureStore('snapshot, Valkey', store, engine.pid);
  print({ what: 'memory of the server', emptyMb, withOneSnapshotMb: withOneMb, afterReplacingMb: await memoryMbOf(engine.pid) });
  await Promise.all([publisher.close(), hearer.close()]);
} finally {
  await engine.remove();
}
