import type { AppendListener } from '../eventlog/index.ts';

/** Makes one answer of the several records that a report became: when all are durable, or when the first fails. */
export class JoinedListener implements AppendListener {
  readonly #listener: AppendListener;
  #waitingFor: number;

  constructor(listener: AppendListener, records: number) {
    this.#listener = listener;
    this.#waitingFor = records;
  }

  appended(token: number, partition: number, offset: number): void {
    if (--this.#waitingFor === 0) this.#listener.appended(token, partition, offset);
  }

  appendFailed(token: number, error: Error): void {
    if (this.#waitingFor <= 0) return;
    this.#waitingFor = 0;
    this.#listener.appendFailed(token, error);
  }

  /** Nothing more is told: part of the report was refused, all of it comes again. */
  cancel(): void {
    this.#waitingFor = 0;
  }
}
