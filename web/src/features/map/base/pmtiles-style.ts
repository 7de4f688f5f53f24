import { layers, namedFlavor } from '@protomaps/basemaps';
import { addProtocol, type LayerSpecification, type StyleSpecification } from 'maplibre-gl';
import { PMTiles, Protocol } from 'pmtiles';
import type { StylePage } from './style-page.ts';

const protocol = new Protocol();
addProtocol('pmtiles', protocol.tile);

const sourceId = 'streets';
/** Layers that every archive in the scheme of the Protomaps basemap has some of. */
const knownLayers: readonly string[] = ['earth', 'water', 'roads'];
const usualAttribution =
  '<a href="https://protomaps.com">Protomaps</a> © <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a>';
/** Signs that need an image each, and shops: a map of vehicles is calmer without them. */
const leftOut: ReadonlySet<string> = new Set(['roads_oneway', 'roads_shields', 'pois', 'address_label']);
/** The style names no address of glyphs: the library then draws labels with the page's own fonts, and nothing is asked for elsewhere. */
const font = ['Barlow'];

const withoutImages = (layer: LayerSpecification): LayerSpecification => {
  if (layer.type !== 'symbol') return layer;
  const layout = Object.fromEntries(Object.entries(layer.layout ?? {}).filter(([name]) => !name.startsWith('icon-')));
  return { ...layer, layout: { ...layout, 'text-font': font } };
};

interface Metadata {
  readonly attribution?: unknown;
  readonly vector_layers?: readonly { readonly id?: unknown }[];
}

/** Makes the style of a PMTiles archive, light or dark. Throws when the archive cannot be read or has other layers than those that are drawn. */
export const loadPmtilesStyle = async (address: string, { isDark, language }: StylePage): Promise<StyleSpecification> => {
  const archive = protocol.get(address) ?? new PMTiles(address);
  protocol.add(archive);
  const metadata = (await archive.getMetadata()) as Metadata | undefined;
  const names = (metadata?.vector_layers ?? []).map(({ id }) => String(id));
  if (!names.some((name) => knownLayers.includes(name))) throw new Error(`${address} has none of ${knownLayers.join(', ')}`);
  const { attribution } = metadata ?? {};
  const drawn = layers(sourceId, namedFlavor(isDark ? 'dark' : 'light'), { lang: language });
  return {
    version: 8,
    sources: {
      [sourceId]: {
        type: 'vector',
        url: `pmtiles://${address}`,
        attribution: typeof attribution === 'string' && attribution !== '' ? attribution : usualAttribution,
      },
    },
    layers: drawn.filter(({ id }) => !leftOut.has(id)).map(withoutImages),
  };
};
