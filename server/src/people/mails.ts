import { type Links, peopleActor, type PeopleContext } from './context.ts';
import { mailLanguage } from './mail/texts.ts';
import { readHolders } from './store-people.ts';

/** Mails that other domains have reason to send. */
export class PeopleMails {
  readonly #context: Pick<PeopleContext, 'storage'>;
  readonly #links: Links;

  constructor(context: Pick<PeopleContext, 'storage'>, links: Links) {
    this.#context = context;
    this.#links = links;
  }

  /** Before it is known to whom it goes. Throws `too_many_requests`. */
  count(address: string, email: string): void {
    this.#links.count({ address, userAgent: '' }, email);
  }

  /** Invites somebody to see something of a car. The same to who has an account and who has none. Throws `unavailable`. */
  inviteDriver({ email, code, from, language, days }: InvitedDriver): Promise<void> {
    const page = `/invitation?code=${code}`;
    return this.#links.tell({ kind: 'drive', page, language, what: oneLine(from), lifetimeMs: days * dayMs }, email);
  }

  /** To a person, or to the managers of a customer: what they share ends soon. Throws `unavailable`. */
  async grantsEnd(holder: { personNo: number } | { customerNo: number }, ending: readonly EndingGrant[]): Promise<void> {
    const people = await this.#context.storage.withActor(peopleActor, (tx) => readHolders(tx, holder));
    for (const { email, language, name } of people) {
      const dates = new Intl.DateTimeFormat(mailLanguage(language), { dateStyle: 'medium', timeZone: 'UTC' });
      const what = ending
        .map(({ reader, vehicle, untilMs }) => `${oneLine(reader)} · ${oneLine(vehicle)} · ${dates.format(untilMs)}`)
        .join('\n');
      await this.#links.tell({ kind: 'grantsEnd', page: '/access', language, name, what }, email);
    }
  }

  /** About the erasure of the person. Throws `unavailable`. */
  tellErasure({ kind, person, page, what = '', days = 0 }: ErasureMail): Promise<void> {
    const { email, language, name } = person;
    return this.#links.tell({ kind, page, language, name, what, lifetimeMs: days * dayMs }, email);
  }
}

export interface EndingGrant {
  readonly reader: string;
  readonly vehicle: string;
  readonly untilMs: number;
}

export interface ErasureMail {
  readonly kind: 'erasureAsked' | 'erasureTakenBack' | 'erasureHeld' | 'erasureBegun';
  readonly person: { readonly email: string; readonly language: string | null; readonly name: string };
  /** Path of the page that the link leads to. */
  readonly page: string;
  readonly what?: string;
  readonly days?: number;
}

export interface InvitedDriver {
  readonly email: string;
  readonly code: string;
  /** Who invites, as they are called. */
  readonly from: string;
  readonly language: string;
  readonly days: number;
}

const dayMs = 86_400_000;
/** A name is what its owner made of it: no address of a page in it that a mail program would make a link of. */
const oneLine = (name: string): string => name.replaceAll(/[\s:/]+/g, ' ').trim();
