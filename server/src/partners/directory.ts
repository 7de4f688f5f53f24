import type { Storage } from '../storage/index.ts';
import { partnersActor } from './context.ts';
import { readApps } from './store-apps.ts';
import type { PartnerApp } from './types.ts';

/** Ids of apps whose rows were read anew; null: any may have changed. */
export type AppsChanged = (appIds: readonly string[] | null) => void;

/** All apps that have not ended, in memory: whether a call of a partner is let in is decided here. */
export class AppDirectory {
  readonly #storage: Storage;
  #byId = new Map<string, PartnerApp>();
  readonly #listeners = new Set<AppsChanged>();
  /** Reads go one after the other: a later one never loses against an earlier one. */
  #turn: Promise<void> = Promise.resolve();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  find(appId: string): PartnerApp | undefined {
    return this.#byId.get(appId);
  }

  list(): readonly PartnerApp[] {
    return [...this.#byId.values()];
  }

  /** Answers how to stop listening. */
  listen(listener: AppsChanged): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reads apps of an organisation, or all of them. Throws `unavailable`. */
  read(organisationNo: number | null): Promise<void> {
    const turn = this.#turn.then(() => this.#read(organisationNo));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #read(organisationNo: number | null): Promise<void> {
    const apps = await this.#storage.withActor(partnersActor, (tx) => readApps(tx, organisationNo));
    if (organisationNo === null) this.#byId = new Map(apps.map((app) => [app.id, app]));
    const ids = new Set(apps.map(({ id }) => id));
    for (const app of this.#byId.values()) {
      if (app.organisationNo !== organisationNo) continue;
      ids.add(app.id);
      this.#byId.delete(app.id);
    }
    for (const app of apps) this.#byId.set(app.id, app);
    for (const listener of this.#listeners) listener(organisationNo === null ? null : [...ids]);
  }
}
