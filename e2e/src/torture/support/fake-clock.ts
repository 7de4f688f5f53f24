import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Prerequisite } from '../scenario.ts';

const candidates = (): string[] => {
  const folders = ['/usr/lib', '/usr/local/lib', '/opt/homebrew/lib'];
  const below = existsSync('/usr/lib') ? readdirSync('/usr/lib').map((name) => path.join('/usr/lib', name)) : [];
  return [...folders, ...below].map((folder) => path.join(folder, 'faketime/libfaketimeMT.so.1'));
};

const findLibrary = (): string | undefined => {
  const given = process.env['LIBFAKETIME'];
  return given !== undefined && existsSync(given) ? given : candidates().find((file) => existsSync(file));
};

export const hasFaketime: Prerequisite = {
  missing: () => {
    if (process.platform !== 'linux') return `this is ${process.platform}, expected Linux`;
    return findLibrary()
      ? undefined
      : 'libfaketime is not there (Debian: the package faketime; or LIBFAKETIME names libfaketimeMT.so.1)';
  },
};

/** The time of day of processes that are started with its settings; their steady clock is left alone, as when the time of a machine is set. */
export class FakeClock {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'milepost-clock-'));
  readonly settings: Readonly<Record<string, string>>;

  constructor() {
    this.set(0);
    this.settings = {
      LD_PRELOAD: findLibrary() ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // Else it reads the file only now and then.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  get #file(): string {
    return path.join(this.#folder, 'offset');
  }

  /** So far from the true time, from now on. */
  set(offsetMinutes: number): void {
    writeFileSync(this.#file, `${offsetMinutes < 0 ? '-' : '+'}${Math.abs(offsetMinutes)}m\n`);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
