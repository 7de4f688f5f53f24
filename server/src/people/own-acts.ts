import type { Actor, Transaction } from '../storage/index.ts';
import { announcePeople, type Links, type PeopleContext } from './context.ts';
import type { MailKind } from './mail/texts.ts';
import type { Sessions } from './sessions.ts';
import { type AuditAct, type AuditEvent, writeAudit } from '../audit/index.ts';
import type { Person, Whence } from './types.ts';

/** The rows of a person are reached as that person: row-level security lets through nothing else. */
export const self = ({ personNo }: Pick<Person, 'personNo'>): Actor => ({ kind: 'person', id: String(personNo) });

export interface OwnAct extends Pick<AuditEvent, 'subject' | 'detail'> {
  readonly act: AuditAct;
  readonly from: Whence;
}

/** What people change about themselves. */
export class OwnActs {
  readonly #context: PeopleContext;
  readonly #sessions: Sessions;
  readonly #links: Links;

  constructor(context: PeopleContext, sessions: Sessions, links: Links) {
    this.#context = context;
    this.#sessions = sessions;
    this.#links = links;
  }

  /** A change, what the audit log says of it, and what other processes are told: all or nothing. `audit` undefined: nothing for the log. */
  async run<T>(
    person: Person,
    audit: OwnAct | ((done: T) => OwnAct) | undefined,
    change: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    const { personNo } = person;
    const { storage, clock } = this.#context;
    const changed = await storage.withActor(self(person), async (tx) => {
      const done = await change(tx);
      if (audit) {
        const { from, ...event } = typeof audit === 'function' ? audit(done) : audit;
        await writeAudit(tx, { ...event, personNo, subjectPersonNo: personNo, address: from.address }, clock.now());
      }
      await announcePeople(tx, [personNo]);
      return done;
    });
    this.#sessions.remembered.forget([personNo]);
    return changed;
  }

  /** By mail, of what was done already: that nobody takes the mail undoes nothing. */
  async tell(person: Person, kind: MailKind, what = ''): Promise<void> {
    const { name, language, email } = person;
    const page = kind === 'passwordChanged' ? '/reset' : '/account';
    await this.#links.tell({ kind, page, language, name, what }, email).catch((error: unknown) => {
      this.#context.logger.warn('somebody could not be told of a change of their account', { error });
    });
  }
}
