import { CallerError } from '../../kernel/index.ts';
import type { ConsentRequest, RequestCommand, RequestCommandKind, RequestState } from './types.ts';

type Outcome = RequestState | 'nothing' | 'refuse';

/** What each command does in each state. What was answered stays so. */
export const requestTable: Readonly<Record<RequestState, Readonly<Record<RequestCommandKind, Outcome>>>> = {
  asked: { give: 'given', refuse: 'refused', expire: 'expired' },
  given: { give: 'refuse', refuse: 'refuse', expire: 'nothing' },
  refused: { give: 'refuse', refuse: 'nothing', expire: 'nothing' },
  expired: { give: 'refuse', refuse: 'nothing', expire: 'nothing' },
};

/** The state of a request whose time may be over before anybody wrote so down. */
export const requestStateAt = (
  { state, expiresAtMs }: Pick<ConsentRequest, 'state' | 'expiresAtMs'>,
  nowMs: number,
): RequestState => (state === 'asked' && expiresAtMs <= nowMs ? 'expired' : state);

/** The request after a command. Throws `request_answered` for one that cannot be answered (any more). */
export const decideRequest = <R extends ConsentRequest>(request: R, { kind, atMs }: RequestCommand): R => {
  const current = kind === 'expire' ? request.state : requestStateAt(request, atMs);
  const outcome = requestTable[current][kind];
  if (outcome === 'refuse') throw new CallerError('request_answered', 'this request was answered, or its time is over');
  return outcome === 'nothing' ? request : { ...request, state: outcome, answeredAtMs: atMs };
};
