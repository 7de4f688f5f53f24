export type { NewAccount } from './accounts.ts';
export type { NewToken } from './own-account.ts';
export { peopleLimits } from './limits.ts';
export { openPeople, type People, type PeopleOptions } from './open-people.ts';
export { makePasswords } from './passwords.ts';
export type { Mail, Mailer } from './ports.ts';
export { checkConfirmed, type SignInAsk } from './sign-in.ts';
export * from './types.ts';
