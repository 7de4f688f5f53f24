import type { Clock, Logger } from '../kernel/index.ts';
import type { Partners } from '../partners/index.ts';
import type { People } from '../people/index.ts';
import type { Storage } from '../storage/index.ts';
import type { ConsentAnswers } from './ports.ts';

export interface OauthOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pepper: Uint8Array;
  readonly people: Pick<People, 'find' | 'findByEmail' | 'sessions'>;
  /** Id of the person who holds the vehicle with this VIN now; undefined: nobody who is asked here. */
  readonly findHolder: (vin: string) => Promise<string | undefined>;
  /** True: that person wants to hear nothing of this app's partner. From memory. */
  readonly isBlocked: (appId: string, personId: string) => boolean | Promise<boolean>;
  /** Pings of apps may go to this machine and private networks: a demo, tests. */
  readonly mayPingPrivate: boolean;
  readonly partners: Partners;
  /** Undefined: nothing of vehicles can be asked for here; apps let people sign in, and no more. */
  readonly answers: ConsentAnswers | undefined;
  /** Where this server is reached, without a slash at its end: the issuer. */
  readonly publicUrl: () => string;
  /** Of the browser's session, for who comes by a link of an app. Begins the names of the other cookies: installations on one host share them. */
  readonly cookieName: string;
  /** A page with one message. */
  readonly renderPage: (title: string, text: string) => string;
}
