import type { MapStyle } from '@milepost/contract/api';
import type { Map as MapLibreMap, MapSourceDataEvent, StyleSpecification } from 'maplibre-gl';
import { countryOutlines, mapColours, noOutlines, offlineStyle } from '../base-style.ts';
import { fineOutlinesZoom } from '../camera.ts';
import { loadFailedPartsAgain } from './failed-parts.ts';
import { showSources } from './sources-control.ts';
import { loadStreetStyle } from './street-style.ts';
import type { StylePage } from './style-page.ts';

/** From the wish for streets to the first of them; then the outlines do until somebody tries again. */
export const streetWaitMs = 8000;

/** `missing`: there should be streets, and there are outlines. */
export type BaseState = 'loading' | 'streets' | 'outlines' | 'missing';

const colours = () => mapColours(document.documentElement);
const pageNow = (): StylePage => ({
  isDark: document.documentElement.dataset['theme'] === 'dark',
  language: document.documentElement.lang.slice(0, 2) || 'en',
});

/** Land without anything on it, until the streets are there. */
const bareStyle = (): StyleSpecification => ({
  version: 8,
  sources: {},
  layers: [{ id: 'land', type: 'background', paint: { 'background-color': colours().land } }],
});

/** With what a map opens; `BaseMap` then brings the rest. */
export const firstStyle = (mapStyle: MapStyle | null): StyleSpecification =>
  mapStyle ? bareStyle() : offlineStyle(colours(), noOutlines);

/** A page in the background draws nothing, so it would wait in vain. */
const untilVisible = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (!document.hidden) return done();
    document.addEventListener('visibilitychange', () => done(), { signal, once: true });
  });

/** Resolves with the first tile of a style that was set just now, or when it needs none; throws when none comes. */
const firstTile = (map: MapLibreMap, signal: AbortSignal): Promise<void> =>
  new Promise((done, failed) => {
    let failure: { readonly message: string } | undefined;
    const stop = (): void => {
      map.off('sourcedata', onData);
      map.off('error', onError);
      map.off('idle', onIdle);
      signal.removeEventListener('abort', onAbort);
    };
    const onData = ({ tile }: MapSourceDataEvent & { readonly tile?: unknown }): void => {
      if (!tile) return;
      stop();
      done();
    };
    const onError = ({ error }: { readonly error: { readonly message: string } }): void => {
      failure ??= error;
    };
    const onIdle = (): void => {
      stop();
      if (failure) failed(new Error(failure.message));
      else done();
    };
    const onAbort = (): void => {
      stop();
      failed(signal.reason as Error);
    };
    map.on('sourcedata', onData);
    map.on('error', onError);
    map.on('idle', onIdle);
    signal.addEventListener('abort', onAbort);
  });

/** What lies under the vehicles: the streets of the configured style, or the outlines that are built in. */
export class BaseMap {
  readonly #map: MapLibreMap;
  readonly #mapStyle: MapStyle | null;
  readonly #changed: (state: BaseState) => void;
  #state: BaseState = 'loading';
  #outlines = noOutlines;
  #hasFineOutlines = false;
  #attempt: AbortController | undefined;
  readonly #whenOnline = (): void => this.retry();
  readonly #stopLoadingAgain: () => void;

  constructor(map: MapLibreMap, mapStyle: MapStyle | null, changed: (state: BaseState) => void) {
    this.#map = map;
    this.#mapStyle = mapStyle;
    this.#changed = changed;
    this.#stopLoadingAgain = loadFailedPartsAgain(map);
    map.on('moveend', () => this.#loadFineWhenClose());
    window.addEventListener('online', this.#whenOnline);
    this.restyle();
  }

  /** To be called when the page's colours changed. */
  restyle(): void {
    if (this.#mapStyle) void this.#tryStreets(this.#mapStyle);
    else this.#showOutlines('outlines');
  }

  retry(): void {
    if (this.#state === 'missing') this.restyle();
  }

  remove(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#stopLoadingAgain();
    window.removeEventListener('online', this.#whenOnline);
  }

  #set(state: BaseState): void {
    this.#state = state;
    this.#changed(state);
  }

  async #tryStreets(mapStyle: MapStyle): Promise<void> {
    this.#attempt?.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    const { signal } = attempt;
    this.#set('loading');
    await untilVisible(signal);
    const timer = setTimeout(() => attempt.abort(new Error(`no streets within ${streetWaitMs} ms`)), streetWaitMs);
    try {
      const aborted = new Promise<never>((_, failed) => {
        signal.addEventListener('abort', () => failed(signal.reason as Error));
      });
      const style = await Promise.race([loadStreetStyle(mapStyle, pageNow(), signal), aborted]);
      if (attempt !== this.#attempt) return;
      this.#map.setStyle(style, { diff: false });
      await firstTile(this.#map, signal);
      if (attempt !== this.#attempt) return;
      this.#set('streets');
      showSources(this.#map.getContainer());
    } catch (error) {
      // Else a newer attempt is under way, or nobody looks any more.
      if (attempt !== this.#attempt) return;
      console.info('the streets of the map could not be loaded', error);
      this.#showOutlines('missing');
    } finally {
      clearTimeout(timer);
    }
  }

  #showOutlines(state: 'outlines' | 'missing'): void {
    this.#set(state);
    this.#map.setStyle(offlineStyle(colours(), this.#outlines), { diff: false });
    void this.#loadOutlines(false).then(() => this.#loadFineWhenClose());
  }

  #loadFineWhenClose(): void {
    if (this.#hasOutlines() && this.#map.getZoom() >= fineOutlinesZoom) void this.#loadOutlines(true);
  }

  #hasOutlines(): boolean {
    return this.#state === 'outlines' || this.#state === 'missing';
  }

  async #loadOutlines(isFine: boolean): Promise<void> {
    if (this.#hasFineOutlines || (!isFine && this.#outlines !== noOutlines)) return;
    this.#hasFineOutlines ||= isFine;
    // Without the server there are none: the vehicles are drawn on the bare sea, or on what was there before.
    const loaded = await countryOutlines(isFine).catch(() => undefined);
    if (!loaded) this.#hasFineOutlines &&= !isFine;
    if (!loaded || (this.#hasFineOutlines && !isFine)) return; // The fine ones were quicker.
    this.#outlines = loaded;
    this.#putOutlines();
  }

  #putOutlines(): void {
    if (!this.#hasOutlines()) return;
    const source = this.#map.getSource('countries');
    if (source && 'setData' in source) (source as unknown as { setData(data: GeoJSON.GeoJSON): void }).setData(this.#outlines);
    else this.#map.once('style.load', () => this.#putOutlines());
  }
}
