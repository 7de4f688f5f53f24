import type { MapStyle } from '@milepost/contract/api';
import type { StyleSpecification } from 'maplibre-gl';
import type { StylePage } from './style-page.ts';

/** Loads the style with the streets; throws when it cannot be had. */
export const loadStreetStyle = async (
  { kind, light, dark }: MapStyle,
  page: StylePage,
  signal: AbortSignal,
): Promise<StyleSpecification> => {
  const address = new URL(page.isDark ? dark : light, location.href).href;
  if (kind === 'pmtiles') return (await import('./pmtiles-style.ts')).loadPmtilesStyle(address, page);
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new Error(`${address} was answered with ${answer.status}`);
  return (await answer.json()) as StyleSpecification;
};
