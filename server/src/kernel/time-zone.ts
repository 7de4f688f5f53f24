const formats = new Map<string, Intl.DateTimeFormat>();
/** Transitions of all zones lie at multiples of this since 1972: within one, the offset is the same. */
const stepMs = 900_000;
const dayMs = 86_400_000;

const formatOf = (zone: string): Intl.DateTimeFormat => {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
};

/** Whether it is the name of a time zone, as IANA gives them. */
export const isTimeZone = (zone: string): boolean => {
  try {
    // Offsets like +02:00 are taken by Intl, too, but know nothing of summer time.
    return /^[A-Za-z]/.test(zone) && formatOf(zone) !== undefined;
  } catch {
    return false;
  }
};

/** A moment of local time and what became of it. `skipped`: clocks were put forward past it; `twice`: they were put back, it is the first one. */
export interface LocalMoment {
  readonly ms: number;
  readonly kind: 'once' | 'skipped' | 'twice';
}

/** Local time of one zone. Local times are given as ms of a clock that shows it, as if it were UTC: `Date.UTC(2026, 2, 29, 2, 30)`. */
export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  #step = Number.NaN;
  #offsetMs = 0;

  /** Throws RangeError when there is no such zone. */
  constructor(name: string) {
    this.name = name;
    this.#format = formatOf(name);
  }

  /** By how many ms local clocks are ahead of UTC at a moment. */
  offsetMsAt(ms: number): number {
    const step = Math.floor(ms / stepMs);
    if (step !== this.#step) {
      this.#offsetMs = this.#readOffset(ms);
      this.#step = step;
    }
    return this.#offsetMs;
  }

  /** What local clocks show at a moment. */
  localMsAt(ms: number): number {
    return ms + this.offsetMsAt(ms);
  }

  /** The moment at which local clocks show something. What they skip is as long after the change as they would show before it. */
  momentAt(localMs: number): LocalMoment {
    const before = this.offsetMsAt(localMs - dayMs);
    const after = this.offsetMsAt(localMs + dayMs);
    const early = localMs - before;
    if (before === after && this.offsetMsAt(early) === before) return { ms: early, kind: 'once' };
    const late = localMs - after;
    const [isEarly, isLate] = [this.offsetMsAt(early) === before, this.offsetMsAt(late) === after];
    if (isEarly && isLate) return { ms: Math.min(early, late), kind: early === late ? 'once' : 'twice' };
    if (isEarly) return { ms: early, kind: 'once' };
    return isLate ? { ms: late, kind: 'once' } : { ms: early, kind: 'skipped' };
  }

  #readOffset(ms: number): number {
    const at: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(ms)) at[type] = value;
    const { era, year, month, day, hour, minute, second } = at;
    const years = Number(year) * (era === 'BC' ? -1 : 1);
    const local = Date.UTC(years, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    return local - Math.floor(ms / 1000) * 1000;
  }
}
