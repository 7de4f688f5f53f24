import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';

/** Between two attempts to load what could not be had: a server that was away is back sooner than anybody misses a street. */
const againMs = 10_000;

interface SourceError {
  readonly error: { readonly message: string };
  readonly sourceId?: string;
}

/** Files of the base map that did not come (the server was away) are asked for again, until they have come. Returns an end. */
export const loadFailedPartsAgain = (map: MapLibreMap): (() => void) => {
  const failed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const again = (): void => {
    timer = undefined;
    for (const sourceId of failed) {
      const source = map.getSource<GeoJSONSource>(sourceId);
      const data = source?.type === 'geojson' ? source.serialize().data : undefined;
      // Whether it came this time is told by `error`.
      if (source && typeof data === 'string') source.setData(data).catch(() => undefined);
    }
    failed.clear();
  };
  const onError = ({ error, sourceId }: SourceError): void => {
    // Without a listener the library writes each one as an error of the page.
    console.info('a part of the map could not be loaded', error.message);
    if (sourceId === undefined) return;
    failed.add(sourceId);
    timer ??= setTimeout(again, againMs);
  };
  map.on('error', onError);
  return () => {
    map.off('error', onError);
    clearTimeout(timer);
  };
};
