import type { GeometryCollection, Topology } from 'topojson-specification';
import type { StyleSpecification } from 'maplibre-gl';

/** Colours of the map, read from the design tokens, so a theme is stated in one place. */
export interface MapColours {
  readonly sea: string;
  readonly land: string;
  readonly border: string;
  readonly graticule: string;
  readonly street: string;
  readonly streetCasing: string;
  readonly point: string;
  readonly label: string;
}

export const mapColours = (element: Element): MapColours => {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--map-${name}`).trim();
  return {
    sea: token('sea'),
    land: token('land'),
    border: token('border'),
    graticule: token('graticule'),
    street: token('street'),
    streetCasing: token('street-casing'),
    point: token('point'),
    label: token('label'),
  };
};

export const noOutlines: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

const line = (coordinates: [number, number][]): GeoJSON.Feature => ({
  type: 'Feature',
  properties: {},
  geometry: { type: 'LineString', coordinates },
});

/** Meridians and parallels each ten degrees, so that even the open sea has a scale. */
const graticule = (): GeoJSON.FeatureCollection => {
  const features: GeoJSON.Feature[] = [];
  for (let longitude = -180; longitude <= 180; longitude += 10) {
    features.push(
      line([
        [longitude, -85],
        [longitude, 85],
      ]),
    );
  }
  for (let latitude = -80; latitude <= 80; latitude += 10) {
    features.push(
      line([
        [-180, latitude],
        [180, latitude],
      ]),
    );
  }
  return { type: 'FeatureCollection', features };
};

/** Names for the regions whose recorded trips are drawn, and some around them to know where one is. */
const places: readonly [name: string, longitude: number, latitude: number, rank: number][] = [
  ['Rabat', -6.8416, 34.0209, 1],
  ['Salé', -6.7985, 34.0531, 2],
  ['Kénitra', -6.5802, 34.261, 2],
  ['Témara', -6.9063, 33.9287, 3],
  ['Casablanca', -7.5898, 33.5731, 1],
  ['Fez', -5.0078, 34.0181, 2],
  ['Marrakesh', -7.9811, 31.6295, 2],
  ['Tangier', -5.834, 35.7595, 2],
  ['Austin', -97.7431, 30.2672, 1],
  ['Round Rock', -97.6789, 30.5083, 3],
  ['Cedar Park', -97.8203, 30.5052, 3],
  ['Pflugerville', -97.62, 30.4394, 3],
  ['San Antonio', -98.4936, 29.4241, 1],
  ['Houston', -95.3698, 29.7604, 1],
  ['Dallas', -96.797, 32.7767, 1],
];

const placeFeatures = (): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection',
  features: places.map(([name, longitude, latitude, rank]) => ({
    type: 'Feature',
    properties: { name, rank },
    geometry: { type: 'Point', coordinates: [longitude, latitude] },
  })),
});

/**
 * The base map that needs no internet: country outlines, recorded tracks as streets and bus fixes as points.
 * It has no glyph address on purpose: the library then draws labels with the page's own fonts.
 */
export const offlineStyle = (colours: MapColours, outlines: GeoJSON.FeatureCollection): StyleSpecification => ({
  version: 8,
  sources: {
    graticule: { type: 'geojson', data: graticule() },
    countries: { type: 'geojson', data: outlines, tolerance: 0.1, attribution: 'Natural Earth' },
    streets: {
      type: 'geojson',
      data: '/map/streets.json',
      tolerance: 0.2,
      attribution: 'Twizy tracks: CC BY 4.0 Nait Malek et al.',
    },
    busPoints: { type: 'geojson', data: '/map/bus-points.json', attribution: 'Bus fixes: CapMetrics' },
    places: { type: 'geojson', data: placeFeatures() },
  },
  layers: [
    { id: 'sea', type: 'background', paint: { 'background-color': colours.sea } },
    { id: 'graticule', type: 'line', source: 'graticule', paint: { 'line-color': colours.graticule, 'line-width': 1 } },
    { id: 'land', type: 'fill', source: 'countries', paint: { 'fill-color': colours.land } },
    { id: 'border', type: 'line', source: 'countries', paint: { 'line-color': colours.border, 'line-width': 1 } },
    {
      id: 'bus-points',
      type: 'circle',
      source: 'busPoints',
      minzoom: 8,
      paint: {
        'circle-color': colours.point,
        'circle-radius': ['interpolate', ['exponential', 1.5], ['zoom'], 9, 1.1, 13, 2, 17, 4],
        'circle-opacity': ['interpolate', ['linear'], ['zoom'], 8, 0.7, 13, 0.9],
      },
    },
    {
      id: 'street-casing',
      type: 'line',
      source: 'streets',
      minzoom: 8,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': colours.streetCasing,
        'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 8, 1.5, 12, 5, 16, 15],
      },
    },
    {
      id: 'streets',
      type: 'line',
      source: 'streets',
      minzoom: 8,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: {
        'line-color': colours.street,
        'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 8, 0.8, 12, 3, 16, 11],
      },
    },
    {
      id: 'places',
      type: 'symbol',
      source: 'places',
      minzoom: 4,
      filter: ['<=', ['get', 'rank'], ['step', ['zoom'], 1, 7, 2, 9, 3]],
      layout: {
        'text-field': ['get', 'name'],
        'text-font': ['Barlow'],
        'text-size': ['match', ['get', 'rank'], 1, 16, 2, 14, 13],
        'text-letter-spacing': 0.04,
      },
      paint: { 'text-color': colours.label, 'text-halo-color': colours.land, 'text-halo-width': 1.5 },
    },
  ],
});

/** Fine outlines are eight times larger, so the coarse ones come first and do until someone looks closely. */
export const countryOutlines = async (isFine: boolean): Promise<GeoJSON.FeatureCollection> => {
  const [{ feature }, { default: url }] = await Promise.all([
    import('topojson-client'),
    isFine ? import('world-atlas/countries-10m.json?url') : import('world-atlas/countries-50m.json?url'),
  ]);
  const answer = await fetch(url);
  const topology = (await answer.json()) as Topology<{ countries: GeometryCollection }>;
  return feature(topology, topology.objects.countries);
};
