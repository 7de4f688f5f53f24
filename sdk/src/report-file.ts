import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ClientClock } from './clock.ts';
import { clientLimits } from './limits.ts';
import type { BufferedReport } from './encode-report.ts';

/**
 * What a device has not been acknowledged yet, in a file, little-endian:
 *
 *     file  = entry*
 *     entry = u32 bytes behind · u32 crc32 of them · u8 form (0 text, 1 frame) · u32 boot · f64 seq · payload
 *
 * It only grows, until everything in it is acknowledged or most of it is; what was acknowledged and is still in it after a restart is sent again,
 * which the server knows. Handed to the disk every second: a crash of the process loses nothing, a power cut at most that second.
 */
export class ReportFile {
  readonly #folder: string;
  readonly #clock: ClientClock;
  #file: number;
  #bytes = 0;
  #isDirty = false;
  #cancelSync: () => void = () => {};
  /** What an earlier run left, oldest first. */
  readonly kept: readonly BufferedReport[];
  /** Greater than that of every earlier run in this folder. */
  readonly boot: number;

  constructor(folder: string, clock: ClientClock) {
    this.#folder = folder;
    this.#clock = clock;
    mkdirSync(folder, { recursive: true });
    this.boot = nextBoot(join(folder, 'boot'), Math.floor(clock.now() / 1000));
    const path = join(folder, 'reports');
    this.#file = openSync(path, 'a+');
    const { reports, validBytes } = readEntries(readFileSync(path));
    // What a crash cut off was never told to be kept.
    ftruncateSync(this.#file, validBytes);
    this.#bytes = validBytes;
    this.kept = reports;
  }

  append(report: BufferedReport): void {
    const entry = encodeEntry(report);
    writeAll(this.#file, entry);
    this.#bytes += entry.length;
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#cancelSync = this.#clock.after(clientLimits.diskSyncMs, () => this.#sync());
  }

  /** Called when reports were acknowledged, with those that were not. */
  keepOnly(reports: readonly BufferedReport[]): void {
    if (reports.length === 0) {
      ftruncateSync(this.#file, 0);
      this.#bytes = 0;
    } else if (this.#bytes > clientLimits.diskRewriteBytes) this.#rewrite(reports);
  }

  close(): void {
    this.#cancelSync();
    this.#sync();
    closeSync(this.#file);
  }

  #sync(): void {
    if (this.#isDirty) fdatasyncSync(this.#file);
    this.#isDirty = false;
  }

  /** Only when that makes it half as large, so that each byte is written twice at most. */
  #rewrite(reports: readonly BufferedReport[]): void {
    const entries = Buffer.concat(reports.map(encodeEntry));
    if (entries.length > this.#bytes / 2) return;
    const path = join(this.#folder, 'reports');
    const file = openSync(`${path}.new`, 'w');
    writeAll(file, entries);
    fdatasyncSync(file);
    closeSync(file);
    renameSync(`${path}.new`, path);
    closeSync(this.#file);
    this.#file = openSync(path, 'a+');
    this.#bytes = entries.length;
  }
}

const entryHeadBytes = 8;
const fieldsBytes = 13;

const writeAll = (file: number, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
};

const encodeEntry = ({ boot, seq, payload }: BufferedReport): Buffer => {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const entry = Buffer.alloc(entryHeadBytes + fieldsBytes + bytes.length);
  entry.writeUInt32LE(fieldsBytes + bytes.length, 0);
  entry.writeUInt8(typeof payload === 'string' ? 0 : 1, 8);
  entry.writeUInt32LE(boot, 9);
  entry.writeDoubleLE(seq, 13);
  entry.set(bytes, entryHeadBytes + fieldsBytes);
  entry.writeUInt32LE(crc32(entry.subarray(entryHeadBytes)), 4);
  return entry;
};

const readEntries = (bytes: Buffer): { readonly reports: readonly BufferedReport[]; readonly validBytes: number } => {
  const reports: BufferedReport[] = [];
  let at = 0;
  while (at + entryHeadBytes + fieldsBytes <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const body = bytes.subarray(at + entryHeadBytes, at + entryHeadBytes + length);
    if (length < fieldsBytes || body.length < length || crc32(body) !== bytes.readUInt32LE(at + 4)) break;
    const payload = body.subarray(fieldsBytes);
    const isText = body.readUInt8(0) === 0;
    reports.push({
      boot: body.readUInt32LE(1),
      seq: body.readDoubleLE(5),
      payload: isText ? payload.toString('utf8') : new Uint8Array(payload),
    });
    at += entryHeadBytes + length;
  }
  return { reports, validBytes: at };
};

/** One more than the last, also when the clock of the device was set back; by the clock at first. */
const nextBoot = (path: string, clockSeconds: number): number => {
  let last = 0;
  try {
    last = Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    // The first run here.
  }
  const boot = Math.max(last + 1, last === 0 ? clockSeconds : 0);
  writeFileSync(`${path}.new`, String(boot), { flush: true });
  renameSync(`${path}.new`, path);
  return boot;
};
