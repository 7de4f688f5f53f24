/**
 * What a large export costs the server: 28 days of one vehicle at 1 Hz, 13 signals, in each format, by a client that takes what comes and by
 * one that takes 4 MB a second. Peak of the server's resident memory above what it was before (`/proc/<pid>/status`), and MB each second.
 * `node bench/src/exports.ts [days]`, default 28. Prints one JSON object a line.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { exportFormats } from '../../contract/src/api/index.ts';
import { coreSignal, quantise } from '../../contract/src/index.ts';
import { ByteWriter, ReportBuilder } from '../../server/src/events/index.ts';
import { enrolDevices } from './load/enrol.ts';
import { contentTypes, valuesAt } from './load/payloads.ts';
import { operatorToken, startServer } from './server.ts';

const [days = 28] = process.argv.slice(2).map(Number);
const samplesPerReport = 4096;
const endMs = Math.floor(Date.now() / 1000) * 1000;
const startMs = endMs - days * 86_400_000;
const rows = days * 86_400;
const slowBytesPerSecond = 4_000_000;
/** The slow client takes so much and goes away. */
const slowSeconds = 10;

/** A second each, binary. */
const fill = async (origin: string, token: string): Promise<void> => {
  const builder = new ReportBuilder();
  const out = new ByteWriter();
  for (let from = 0; from < rows; from += samplesPerReport) {
    builder.reset();
    for (let i = from; i < Math.min(rows, from + samplesPerReport); i++) {
      builder.addSample(startMs + i * 1000);
      // A drive that begins anew each hour, so that its values stay within their bounds.
      for (const [name, value] of Object.entries(valuesAt(i % 3600))) {
        const quantised = quantise(coreSignal(name), value);
        if (quantised.ok) builder.addValue(coreSignal(name).number, quantised.stored);
      }
    }
    out.at = 0;
    out.byte(0);
    builder.encode(out);
    const headers = { authorization: `Bearer ${token}`, 'content-type': contentTypes.binary };
    const answer = await fetch(`${origin}/v1/telemetry`, { method: 'POST', headers, body: new Uint8Array(out.toBytes()) });
    const text = await answer.text();
    if (!answer.ok || !text.includes('"rejected":[]')) throw new Error(text.slice(0, 500));
  }
};

const memoryOf = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
/** The peak counts from now on. */
const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');
const cpuSecondsOf = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

const open = (origin: string, address: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${operatorToken}` };
    get(`${origin}${address}`, { headers, agent: false }, resolve).on('error', reject);
  });

const takeAll = async (response: IncomingMessage): Promise<number> => {
  let bytes = 0;
  response.on('data', (data: Buffer) => (bytes += data.length));
  await once(response, 'end');
  return bytes;
};

const takeSlowly = async (response: IncomingMessage): Promise<number> => {
  let bytes = 0;
  const startedAt = performance.now();
  response.on('error', () => {});
  for await (const data of response as AsyncIterable<Buffer>) {
    bytes += data.length;
    const aheadMs = (bytes / slowBytesPerSecond) * 1000 - (performance.now() - startedAt);
    if (aheadMs > 0) await wait(aheadMs);
    if (bytes > slowBytesPerSecond * slowSeconds) break;
  }
  return bytes;
};

const round = (value: number): number => Math.round(value * 10) / 10;

const measure = async (pid: number, origin: string, address: string, take: typeof takeAll): Promise<object> => {
  await wait(2000);
  forgetPeak(pid);
  const before = memoryOf(pid, 'VmRSS');
  const [startedAt, cpuBefore] = [performance.now(), cpuSecondsOf(pid)];
  const response = await open(origin, address);
  if (response.statusCode !== 200) throw new Error(`${address}: ${response.statusCode}`);
  const bytes = await take(response);
  const seconds = (performance.now() - startedAt) / 1000;
  const megabytes = bytes / 1_000_000;
  return {
    megabytes: round(megabytes),
    seconds: round(seconds),
    megabytesPerSecond: round(megabytes / seconds),
    cpuSeconds: round(cpuSecondsOf(pid) - cpuBefore),
    memoryBeforeMb: Math.round(before),
    peakAboveMb: Math.round(memoryOf(pid, 'VmHWM') - before),
  };
};

const stopServer = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGTERM');
  await once(child, 'exit');
};

const metricOf = async (origin: string, name: string): Promise<number> => {
  const headers = { authorization: `Bearer ${operatorToken}` };
  const text = await (await fetch(`${origin}/metrics`, { headers })).text();
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
};

/** A month as it lies after a while: in merged chunks, little in memory. */
const waitForMerge = async (origin: string): Promise<void> => {
  for (let quietSeconds = 0, last = Number.NaN; quietSeconds < 75; ) {
    await wait(5000);
    const chunks = await metricOf(origin, 'milepost_history_stored_chunks');
    quietSeconds = chunks === last ? quietSeconds + 5 : 0;
    last = chunks;
  }
};

const folder = await mkdtemp(path.join(tmpdir(), 'milepost-bench-'));
const filled = await startServer(folder);
try {
  const [token = ''] = await enrolDevices(filled.origin, operatorToken, 1);
  await fill(filled.origin, token);
} finally {
  await stopServer(filled.child);
}
const { child, origin } = await startServer(folder);
try {
  const pid = child.pid as number;
  await waitForMerge(origin);
  const headers = { authorization: `Bearer ${operatorToken}` };
  const list = (await (await fetch(`${origin}/v1/vehicles`, { headers })).json()) as { items: { id: string }[] };
  const signals = Object.keys(valuesAt(0)).join(',');
  for (const format of exportFormats) {
    const isTable = format === 'csv' || format === 'parquet';
    const query = new URLSearchParams({ format, from: String(startMs), to: String(endMs), ...(isTable ? { signals } : {}) });
    const address = `/v1/vehicles/${list.items[0]?.id}/export?${query.toString()}`;
    const whole = await measure(pid, origin, address, takeAll);
    process.stdout.write(`${JSON.stringify({ what: format, rows, signals: isTable ? 13 : 5, ...whole })}\n`);
    if (format === 'parquet') continue;
    const slow = await measure(pid, origin, address, takeSlowly);
    process.stdout.write(`${JSON.stringify({ what: `${format}, taken at 4 MB/s for 10 s`, ...slow })}\n`);
  }
} finally {
  await stopServer(child);
  await rm(folder, { recursive: true, force: true });
}
