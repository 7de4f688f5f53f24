import { invalidField, isTimeZone, TimeZone } from '../../kernel/index.ts';
import { dayMs } from './store-limits.ts';

/** A day of a time zone. */
export interface LocalDay {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly fromMs: number;
  /** Exclusive: 23 to 25 hours later. */
  readonly toMs: number;
}

/** Days of a time zone. All that there are today begin their days at a quarter of an hour of UTC. */
export class LocalDays {
  readonly #zone: TimeZone;

  /** Throws `invalid_field` for a name that is none. */
  constructor(name = 'UTC') {
    if (!isTimeZone(name)) throw invalidField('timeZone', name, 'the IANA name of a time zone, as Europe/Madrid');
    this.#zone = new TimeZone(name);
  }

  /** The first moment of a date, in days since 1970: where midnight is skipped, the moment of the change. */
  #startOf(date: number): number {
    return this.#zone.momentAt(date * dayMs).ms;
  }

  at(ms: number): LocalDay {
    const date = Math.floor(this.#zone.localMsAt(ms) / dayMs);
    return { day: new Date(date * dayMs).toISOString().slice(0, 10), fromMs: this.#startOf(date), toMs: this.#startOf(date + 1) };
  }

  /** Those that have a part in a period, ascending. */
  in(fromMs: number, toMs: number): LocalDay[] {
    const days: LocalDay[] = [];
    for (let at = fromMs; at < toMs; ) {
      const day = this.at(at);
      days.push(day);
      at = Math.max(day.toMs, at + 1);
    }
    return days;
  }
}
