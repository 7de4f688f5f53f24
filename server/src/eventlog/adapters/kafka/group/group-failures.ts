import { findErrorBy } from '@platformatic/kafka';
import { isKafkaError } from '../kafka-error.ts';

const anyOf =
  (...names: readonly string[]) =>
  (error: unknown): boolean =>
    names.some((name) => isKafkaError(error, name));

/** The group goes on without this member: what it had may be another's. */
export const isForgotten = anyOf('UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID');

/** All members are to give back and join again; this one is still one of them. */
export const isRebalance = anyOf('REBALANCE_IN_PROGRESS');

/** What no other try mends: settings that the brokers do not allow, a group of another program. */
export const isFinalForGroup = anyOf('INVALID_SESSION_TIMEOUT', 'INCONSISTENT_GROUP_PROTOCOL', 'INVALID_GROUP_ID');

/** The name that the broker has given to a member that had none. */
export const givenMemberId = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const refused = findErrorBy(error, 'apiId', 'MEMBER_ID_REQUIRED');
  return refused && 'memberId' in refused && typeof refused.memberId === 'string' ? refused.memberId : undefined;
};
