import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { serverArguments } from '../../../tools/lib/server-arguments.mjs';
import { cleanEnvironment } from './environment.ts';
import { killWithDescendants } from './kill-with-descendants.ts';

const root = resolve(import.meta.dirname, '../../..');
/** Six that start at once on two cores take a while. */
const readyMs = 120_000;
/** How long a server may take to stop: it lets go of its devices one after the other. */
const endMs = 30_000;
const logCharactersMax = 64 * 1024;

export interface Ready {
  readonly child: ChildProcess;
  readonly log: () => string;
  readonly origin: string;
  /** Empty: it has no such listener. */
  readonly mqttOrigin: string;
  /** Empty: it has no API. */
  readonly signInLink: string;
}

const waitUntilReady = (child: ChildProcess, { hasApi = true, settings }: ServerProcess): Promise<Ready> =>
  new Promise((done, failed) => {
    let log = '';
    const timer = setTimeout(() => {
      failed(new Error(`Milepost was not ready after ${readyMs} ms\n${log}`));
      // Nobody has it, so nobody else would end it.
      killWithDescendants(child.pid as number);
    }, readyMs);
    child.stderr?.on('data', (text: Buffer) => {
      log = (log + text.toString()).slice(-logCharactersMax);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      failed(new Error(`Milepost ended with ${code} before it was ready\n${log}`));
    });
    if (!child.stdout) throw new Error('the process has no standard output');
    const hasMqtt = settings['MILEPOST_MQTT_PORT'] !== undefined;
    let origin = '';
    let mqttOrigin = '';
    createInterface({ input: child.stdout }).on('line', (line) => {
      origin ||= /^Milepost is ready at (\S+)$/.exec(line)?.[1] ?? '';
      mqttOrigin ||= /^MQTT: (\S+)$/.exec(line)?.[1] ?? '';
      const signInLink = /^Sign in: (\S+)$/.exec(line)?.[1];
      // In this order; each as far as the process has it.
      if (!origin || (hasMqtt && !mqttOrigin) || (hasApi && !signInLink)) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      done({ child, log: () => log, origin, mqttOrigin, signInLink: signInLink ?? '' });
    });
  });

/** Ends a process as Ctrl-C would, or after a while for good. */
export const end = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      done();
      return;
    }
    const cut = setTimeout(() => child.kill('SIGKILL'), endMs);
    child.once('exit', () => {
      clearTimeout(cut);
      done();
    });
    child.kill('SIGTERM');
  });

export interface ServerProcess {
  readonly mode: 'serve' | 'empty' | 'demo';
  /** Of the environment, by name. */
  readonly settings: Readonly<Record<string, string>>;
  /** Its API is waited for; true unless it says otherwise. */
  readonly hasApi?: boolean;
}

/** Starts a real server process and waits until it says that it is ready. */
export const launchServer = (wanted: ServerProcess): Promise<Ready> =>
  waitUntilReady(
    spawn(process.execPath, [...serverArguments(), 'server/src/app/main.ts', `--mode=${wanted.mode}`], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Tests never go out for a map.
      env: { ...cleanEnvironment(), MILEPOST_MAP_STYLE: 'outlines', ...wanted.settings },
    }),
    wanted,
  );
