import type { ProblemDetails } from '@milepost/contract';
import { readRetryAfterMs } from './backoff.ts';

/** The server answered with an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Missing when what answered was not Milepost (a proxy, say). */
  readonly problem: ProblemDetails | undefined;
  readonly retryAfterMs: number;

  constructor(message: string, status: number, problem: ProblemDetails | undefined, retryAfterMs: number) {
    super(message);
    this.status = status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The body of a successful answer; throws ApiError for any other. */
export const readAnswer = async (response: Response, nowMs: number): Promise<unknown> => {
  const text = await response.text();
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (response.ok) return body;
  const problem = typeof body === 'object' && body !== null && 'code' in body ? (body as ProblemDetails) : undefined;
  const about = problem ? `${problem.code}: ${problem.detail ?? problem.title}` : response.statusText;
  const retryAfterMs = readRetryAfterMs(response.headers.get('retry-after'), nowMs);
  throw new ApiError(`${response.status} ${about}`, response.status, problem, retryAfterMs);
};
