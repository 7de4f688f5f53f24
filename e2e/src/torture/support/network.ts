import { execFileSync, spawnSync } from 'node:child_process';
import type { Prerequisite } from '../scenario.ts';

const programs = ['unshare', 'ip', 'nft'] as const;

const isThere = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

/** Inside a network namespace of its own: a loopback that loses packets, without anybody else noticing. */
export const mayLosePackets: Prerequisite = {
  missing: () => {
    if (process.platform !== 'linux') return `this is ${process.platform}, expected Linux`;
    const absent = programs.filter((program) => !isThere(program));
    if (absent.length > 0) return `${absent.join(', ')} not found`;
    const tried = spawnSync('unshare', ['--net', 'nft', 'add', 'table', 'inet', 'milepost'], { encoding: 'utf8' });
    return tried.status === 0 ? undefined : `no network namespace may be made here: ${tried.stderr.trim().split('\n').at(-1)}`;
  },
};

const run = (program: string, args: string): void => void execFileSync(program, args.split(' '), { stdio: 'pipe' });

/** Makes the loopback of this namespace usable; ours alone, so nobody else is touched. */
export const openLoopback = (): void => run('ip', 'link set lo up');

/** From now on so many of 100 packets that arrive are dropped, in either direction. */
export const losePackets = (percent: number): void => {
  run('nft', 'add table inet milepost');
  run('nft', 'add chain inet milepost loss { type filter hook input priority 0 ; }');
  run('nft', `add rule inet milepost loss iif lo meta l4proto tcp numgen random mod 100 < ${percent} counter drop`);
};

/** Ends the loss; answers how many packets were dropped. */
export const stopLosing = (): number => {
  const rules = execFileSync('nft', ['list', 'table', 'inet', 'milepost'], { encoding: 'utf8' });
  run('nft', 'delete table inet milepost');
  return Number(/packets (\d+)/.exec(rules)?.[1] ?? 0);
};
