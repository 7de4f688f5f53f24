import type { FeedEvent } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import type { Logger } from '../../kernel/index.ts';
import type { Feed, FeedPage, FeedReader } from '../feed.ts';
import { feedStreamLimits } from '../limits.ts';
import type { FeedPosition, Offsets } from '../position.ts';
import { stillTold } from '../still-told.ts';
import type { StreamConnection } from './connection.ts';

export interface AudienceParts {
  readonly feed: Feed;
  readonly logger: Logger;
  /** Where the tail stands. */
  readonly tail: () => Offsets;
}

/** All streams of one app: what is told is encoded once for all of them. */
export class FeedAudience {
  readonly appNo: number;
  readonly scope: ReadScope;
  readonly connections = new Set<StreamConnection>();
  readonly #parts: AudienceParts;
  #vehicleNos: ReadonlySet<number> = new Set();
  #position: FeedPosition;
  #pumping: Promise<void> | undefined;
  #mustPump = false;

  constructor(parts: AudienceParts, appNo: number, scope: ReadScope, position: FeedPosition) {
    this.#parts = parts;
    this.appNo = appNo;
    this.scope = scope;
    this.#position = position;
  }

  get vehicleNos(): ReadonlySet<number> {
    return this.#vehicleNos;
  }

  add(connection: StreamConnection): void {
    this.connections.add(connection);
    this.#vehicleNos = new Set([...this.#vehicleNos, ...connection.owner.vehicleNos]);
  }

  remove(connection: StreamConnection): void {
    this.connections.delete(connection);
    this.#vehicleNos = new Set([...this.connections].flatMap(({ owner }) => [...owner.vehicleNos]));
  }

  /**
   * To who may have it; each vehicle's owner is shown that it was told once to each stream. `position`: from where on somebody goes on who has heard
   * this and nothing later.
   */
  deliver(event: FeedEvent, vehicleNo: number, from = this.#position): void {
    const { feed, tail } = this.#parts;
    const wanted = [...this.connections].filter((one) => !one.isClosed && one.isFor(event, vehicleNo));
    if (wanted.length === 0) return;
    const position = { ...from, atMs: feed.parts.clock.now(), log: { ...from.log, report: tail() } };
    const cursor = feed.codec.write(position);
    const message = { type: event.type, text: JSON.stringify({ ...event, cursor }), cursor };
    for (const connection of wanted) {
      feed.note(this.appNo, vehicleNo, event, 'stream');
      if (!connection.take(message)) connection.forgetWaiting({ ...tail() });
    }
  }

  /** Tells what does not come by the tail: what owners did, and what of periods that are over may be told now. */
  pump(): Promise<void> {
    this.#mustPump = true;
    this.#pumping ??= this.#pumpAll().finally(() => {
      this.#pumping = undefined;
    });
    return this.#pumping;
  }

  async #pumpAll(): Promise<void> {
    const { feed, logger, tail } = this.#parts;
    while (this.#mustPump && this.connections.size > 0) {
      this.#mustPump = false;
      const reader: FeedReader = { appNo: this.appNo, scope: this.scope, vehicleNos: this.#vehicleNos, grantIds: null };
      try {
        const page = await feed.page(reader, this.#position, feedStreamLimits.missedPerPage, true);
        const told = this.#stillTold(page);
        const before = this.#position;
        this.#position = { ...page.position, log: { ...page.position.log, report: { ...tail() } } };
        for (const [i, { event, vehicleNo }] of told.entries())
          this.deliver(event, vehicleNo, i < told.length - 1 ? before : this.#position);
        this.#mustPump ||= !page.isAtEnd;
      } catch (error) {
        // It stands where it stood: the next look tells it.
        logger.warn('what apps are told of grants and periods could not be read', { error });
      }
    }
  }

  /** What of a page may be told now that it was read, which takes a while. Throws `unavailable`. */
  #stillTold({ events, vehicleNos }: FeedPage): { readonly event: FeedEvent; readonly vehicleNo: number }[] {
    return events.flatMap((one, i) => {
      const vehicleNo = vehicleNos[i] as number;
      const event = stillTold(this.#parts.feed.parts, this.scope, this.appNo, vehicleNo, one);
      return event ? [{ event, vehicleNo }] : [];
    });
  }

  /** Reads what a stream has missed until it has heard of everything that the tail did not tell it. */
  async catchUp(connection: StreamConnection): Promise<void> {
    const { feed } = this.#parts;
    const { appNo, scope } = this;
    while (!connection.isClosed) {
      const reader: FeedReader = { appNo, scope, vehicleNos: connection.owner.vehicleNos, grantIds: connection.owner.grantIds };
      connection.mustReadAgain = false;
      const page = await feed.page(reader, connection.position, feedStreamLimits.missedPerPage);
      const told = this.#stillTold(page);
      // Who loses the stream within a page has it again from its begin: behind it is only who heard all of it.
      const [before, after] = [feed.codec.write(connection.position), feed.codec.write(page.position)];
      connection.position = page.position;
      for (const [i, { event, vehicleNo }] of told.entries()) {
        const cursor = i < told.length - 1 ? before : after;
        feed.note(appNo, vehicleNo, event, 'stream');
        connection.send({ type: event.type, text: JSON.stringify({ ...event, cursor }), cursor });
      }
      const { report } = page.position.log;
      const hasAll = Object.entries(connection.joinAt).every(([partition, offset]) => (report[Number(partition)] ?? 0) >= offset);
      if (page.isAtEnd && hasAll && !connection.mustReadAgain) {
        connection.goLive();
        return;
      }
    }
  }
}
