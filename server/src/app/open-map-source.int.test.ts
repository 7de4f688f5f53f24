import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMapStyle, isOrigin } from './map-style.ts';
import { openMapSource } from './open-map-source.ts';

test('what stands for a style of the map, and what does not', () => {
  const right = [
    'openfreemap',
    'outlines',
    'https://tiles.example/style.json?key=1',
    '/style.json',
    '/srv/town.pmtiles',
    'maps/town.pmtiles',
  ];
  for (const text of [...right, 'C:\\maps\\my town.pmtiles']) assert.ok(isMapStyle(text), text);
  for (const text of ['', 'ftp://x', 'ftp://x/a.pmtiles', 'liberty', 'https://', 'https://a b/style.json', 'maps/style.json'])
    assert.ok(!isMapStyle(text), text);
  assert.ok(isOrigin('https://fonts.example') && isOrigin('http://127.0.0.1:9000') && isOrigin('https://*.tiles.example'));
  for (const text of ['https://fonts.example/', 'fonts.example', 'https://*', 'https://a.example; script-src *', 'data:'])
    assert.ok(!isOrigin(text), text);
});

test('addresses go to the page as they are; the words stand for a style for light and one for dark, or for none', async () => {
  assert.deepEqual(await openMapSource('outlines'), { style: null, tilesFile: undefined });
  const { style } = await openMapSource('openfreemap');
  assert.ok(style?.kind === 'style' && style.light !== style.dark && new URL(style.light).origin === new URL(style.dark).origin);
  const own = 'https://tiles.example/style.json';
  assert.deepEqual(await openMapSource(own), { style: { kind: 'style', light: own, dark: own }, tilesFile: undefined });
  const away = 'https://tiles.example/town.pmtiles?v=2';
  assert.deepEqual(await openMapSource(away), { style: { kind: 'pmtiles', light: away, dark: away }, tilesFile: undefined });
});

test('a file is served by the server, and refused with the reason when it is no archive of vector tiles', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'milepost-map-'));
  const file = join(folder, 'town.pmtiles');
  const header = Buffer.alloc(127);
  header.write('PMTiles', 'latin1');
  const write = (version: number, tileType: number): Promise<void> => {
    header[7] = version;
    header[99] = tileType;
    return writeFile(file, header);
  };
  try {
    await assert.rejects(
      openMapSource(file),
      /MILEPOST_MAP_STYLE is ".*town\.pmtiles", expected a file that can be read \(ENOENT/,
    );
    await assert.rejects(openMapSource(join(folder, '.pmtiles')), /can be read/);
    await writeFile(file, 'PMTiles');
    await assert.rejects(openMapSource(file), /expected a PMTiles archive of version 3/);
    await write(2, 1);
    await assert.rejects(openMapSource(file), /of version 3/);
    await write(3, 2);
    await assert.rejects(openMapSource(file), /of vector tiles/);
    await write(3, 1);
    const { style, tilesFile } = await openMapSource(file);
    assert.equal(tilesFile, file);
    assert.deepEqual(style, { kind: 'pmtiles', light: '/map/tiles.pmtiles', dark: '/map/tiles.pmtiles' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
