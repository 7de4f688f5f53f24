import { CallerError } from '../kernel/index.ts';

/** A file that cannot be read from a line on; what is before it can. */
export class UnreadableFileError extends CallerError {
  readonly line: number;

  constructor(line: number, why: string, expected: string, cause?: unknown) {
    super('bad_request', `the file cannot be read from line ${line} on: ${why}`, { field: 'body', expected, cause });
    this.line = line;
  }
}
