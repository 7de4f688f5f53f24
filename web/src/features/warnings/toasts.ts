import type { WarningEntry } from '@milepost/contract/api';
import type { WarningMessage } from '@milepost/contract/stream';

/** What is shown at a time; the others are a number. */
export const toastsShownMax = 3;
/** How long one stays that is not critical. */
export const toastMs = 10_000;
/** More are not remembered: the list has them. */
export const toastsMax = 100;

export interface Toast {
  readonly warning: WarningEntry;
  /** When it goes by itself, ms; infinity: somebody closes it. */
  readonly untilMs: number;
}

const isLoud = ({ severity, rangAt }: WarningEntry): boolean => severity !== 'info' && rangAt !== null;
const rank = ({ warning }: Toast): number => (warning.severity === 'critical' ? 0 : 1);

/** Critical ones first. */
const ordered = (toasts: readonly Toast[]): Toast[] => toasts.toSorted((a, b) => rank(a) - rank(b)).slice(0, toastsMax);

/** The newest first, but those that are shown keep their places: where many vehicles ring at once nobody could read what another pushes away each second. */
const withNew = (toast: Toast, others: readonly Toast[]): Toast[] => {
  const place = others.length < toastsShownMax ? 0 : toastsShownMax;
  return others.toSpliced(place, 0, toast);
};

/** What a message of the stream makes of the toasts: what rings comes, what is over goes. */
export const addToasts = (toasts: readonly Toast[], { changes }: WarningMessage, nowMs: number): readonly Toast[] => {
  let next = [...toasts];
  for (const { change, warning } of changes) {
    const others = next.filter((toast) => toast.warning.id !== warning.id);
    const rings = (change === 'raised' || change === 'grown') && isLoud(warning);
    if (rings)
      next = withNew({ warning, untilMs: warning.severity === 'critical' ? Number.POSITIVE_INFINITY : nowMs + toastMs }, others);
    else if (change === 'ended') next = others;
  }
  return ordered(next);
};

export const dropOld = (toasts: readonly Toast[], nowMs: number): readonly Toast[] => {
  const left = toasts.filter(({ untilMs }) => untilMs > nowMs);
  return left.length === toasts.length ? toasts : left;
};
