import type { DatabaseSync, StatementSync } from 'node:sqlite';

const statementsMax = 64;

/** A database and the statements that were prepared on it. */
export class Statements {
  readonly db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.db = db;
  }

  of(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known) return known;
    const made = this.db.prepare(text);
    if (this.#statements.size < statementsMax) this.#statements.set(text, made);
    return made;
  }

  /** One transaction. `begin` is IMMEDIATE to write, DEFERRED to see one state of the file in several reads. */
  within<Result>(begin: 'IMMEDIATE' | 'DEFERRED', run: () => Result): Result {
    this.db.exec(`BEGIN ${begin}`);
    try {
      const result = run();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.db.close();
  }
}
