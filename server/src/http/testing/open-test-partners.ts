import { coreVocabulary } from '@milepost/contract';
import type { Clock, Logger } from '../../kernel/index.ts';
import { type ConsentAnswers, type Oauth, findHolderByVin, openOauth } from '../../oauth/index.ts';
import { openPartners, type Partners } from '../../partners/index.ts';
import type { People } from '../../people/index.ts';
import type { Storage } from '../../storage/index.ts';
import { messagePage } from '../message-page.ts';

/** What tests say in place of others. */
export interface TestPartnerSettings {
  /** Where answers to what apps ask become grants. */
  readonly answers?: ConsentAnswers;
  readonly findHolder?: (vin: string) => Promise<string | undefined>;
  readonly isBlocked?: (appId: string, personId: string) => boolean;
  /** As in a demo, unless it is false. */
  readonly mayPingPrivate?: boolean;
}

export interface TestPartnersParts {
  readonly storage: Storage;
  readonly people: People;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cookieName: string;
  readonly publicUrl: () => string;
  readonly settings: TestPartnerSettings;
  /** Unless the settings say otherwise. */
  readonly answers: ConsentAnswers;
}

export interface TestPartners {
  readonly partners: Partners;
  readonly oauth: Oauth;
}

/** Partners and the OAuth server, as in the server. */
export const openTestPartners = async ({ settings, answers, ...parts }: TestPartnersParts): Promise<TestPartners> => {
  const { storage, clock, logger } = parts;
  const partners = await openPartners({ storage, clock, logger, vocabulary: () => coreVocabulary });
  const oauth = await openOauth({
    ...parts,
    pepper: Buffer.alloc(32, 7),
    partners,
    answers: settings.answers ?? answers,
    findHolder: settings.findHolder ?? ((vin) => findHolderByVin(storage, vin)),
    isBlocked: settings.isBlocked ?? (() => false),
    mayPingPrivate: settings.mayPingPrivate ?? true,
    renderPage: messagePage,
  });
  return { partners, oauth };
};
