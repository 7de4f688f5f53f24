import os from 'node:os';
import process from 'node:process';
import { parentPort } from 'node:worker_threads';
import { assert } from '../../kernel/index.ts';
import { deriveDay } from '../derive-day.ts';
import { makeDayWith } from './make-day.ts';
import type { DevicePages } from './read-samples.ts';
import { tripStoreLimits } from './store-limits.ts';
import type { DayAnswer, DayRequest } from './thread-messages.ts';

/** The thread that makes days: it asks for samples and answers documents; it reads and writes nothing itself. */
const port = parentPort;
assert(port, 'thread.ts runs only as a worker thread');

/** Whoever takes reports goes first. Linux counts the priority by thread, others by process. */
const giveWay = (): void => {
  if (process.platform !== 'linux') return;
  try {
    os.setPriority(tripStoreLimits.threadNice);
  } catch {
    // The system does not let us: it is only a courtesy.
  }
};

giveWay();
const makeDay = makeDayWith(deriveDay);
/** Days that wait for samples. */
const waiting = new Map<number, (pages: readonly DevicePages[] | undefined) => void>();
const tell = (answer: DayAnswer, transfer: ArrayBuffer[] = []): void => port.postMessage(answer, transfer);

const read = (id: number, fromMs: number, toMs: number): Promise<readonly DevicePages[]> =>
  new Promise((resolve, reject) => {
    waiting.set(id, (pages) => {
      waiting.delete(id);
      if (pages) resolve(pages);
      else reject(new Error('the samples could not be read'));
    });
    tell({ id, wants: { fromMs, toMs } });
  });

port.on('message', (message: DayRequest) => {
  const { id } = message;
  if ('read' in message) return waiting.get(id)?.(message.read);
  makeDay(message.make, (fromMs, toMs) => read(id, fromMs, toMs)).then(
    (made) => tell({ id, made }),
    (error: unknown) => {
      const { message: text, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
      tell({ id, failed: { message: text, stack } });
    },
  );
});
