import type { Past } from './model.ts';
import { paths } from './paths.ts';
import type { Profile } from './profile.ts';

/**
 * What becomes of the connection of a vehicle, so that the connection board has something to tell.
 *
 * - `lost`: its tracker's battery was empty a day ago; nothing has come since
 * - `patchy`: now and then it has no network, and sends later what it stored
 * - `leaves`: it says goodbye soon after it came, as one that is laid up
 */
export type Fate = 'lost' | 'patchy' | 'leaves';

const fates: readonly { readonly kind: Profile['kind']; readonly index: number; readonly fate: Fate }[] = [
  { kind: 'twizy', index: 7, fate: 'lost' },
  { kind: 'car', index: 5, fate: 'patchy' },
  { kind: 'twizy', index: 9, fate: 'leaves' },
];

export const fateOf = ({ kind, index }: Profile): Fate | undefined =>
  fates.find((one) => one.kind === kind && one.index === index)?.fate;

const hourMs = 3_600_000;
/** When the lost one was heard last, before the first start. */
export const lostBeforeMs = 26 * hourMs;
/** How long the one that leaves stays. */
export const leavesAfterMs = 20_000;

const minuteMs = 60_000;
/** Without network from one minute of each period to another: first it is late, then offline. */
const cutOff = {
  periodMs: 19 * minuteMs,
  spans: [
    [5, 7.2],
    [13, 17.5],
  ],
} as const;

export const isCutOff = (nowMs: number): boolean => {
  const minute = (nowMs % cutOff.periodMs) / minuteMs;
  return cutOff.spans.some(([from, to]) => minute >= from && minute < to);
};

const fullVolts = 4.12;
const emptyVolts = 3.36;
/** How long a tracker lives from its own battery. */
const batteryMs = 40 * hourMs;

/** The past of the lost one: its tracker was unplugged, and the voltage of its battery falls until nothing comes any more. */
export const pastOfLost = (past: Past, lostMs: number): Past =>
  function* lost(fromMs, toMs) {
    for (const { time, signals } of past(fromMs, Math.min(toMs, lostMs))) {
      const part = Math.max(0, 1 - (lostMs - time) / batteryMs);
      const volts = Math.round((fullVolts - (fullVolts - emptyVolts) * part ** 2) * 1000) / 1000;
      yield { time, signals: { ...signals, [paths.deviceVoltage]: volts } };
    }
  };
