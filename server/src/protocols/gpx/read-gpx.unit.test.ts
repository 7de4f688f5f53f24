import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UnreadableFileError } from '../unreadable-file.ts';
import { XmlDecoder } from './decode-xml.ts';
import { gpxLimits, type GpxPoint, GpxReader } from './read-gpx.ts';

const read = (pieces: readonly string[]): GpxPoint[] => {
  const reader = new GpxReader();
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return reader.take();
};
const point = (within: string): GpxPoint | undefined =>
  read([
    `<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg><trkpt lat="1" lon="2">${within}</trkpt></trkseg></trk></gpx>`,
  ])[0];
const refused = (words: RegExp) => (error: unknown) => error instanceof UnreadableFileError && words.test(error.message);

describe('points of GPX', () => {
  it('have speed and course of GPX 1.0 and of the extensions that are common', () => {
    const garmin = 'xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"';
    const extended = `<extensions><g:TrackPointExtension ${garmin}><g:speed>3.5</g:speed><g:course>90</g:course></g:TrackPointExtension></extensions>`;
    for (const within of [
      '<speed>3.5</speed><course>90</course>',
      extended,
      '<extensions><speed>3.5</speed><course>90</course></extensions>',
      '<extensions><o:speed xmlns:o="https://osmand.net">3.5</o:speed><course>90</course></extensions>',
    ])
      assert.deepEqual([point(within)?.speed, point(within)?.course], ['3.5', '90'], within);
  });

  it('have no speed from an element that only has the same name, nor a time from below', () => {
    for (const within of [
      '<extensions><x:speed xmlns:x="urn:other">3.5</x:speed></extensions>',
      '<extensions><undeclared:speed>3.5</undeclared:speed></extensions>',
      '<extensions><a><time>2026-01-01T00:00:00Z</time></a></extensions>',
    ]) {
      const found = point(within);
      assert.ok(found, within);
      assert.deepEqual([found.speed, found.time], [undefined, undefined], within);
    }
  });

  it('are the same however the file is cut', () => {
    const text = `<?xml version="1.0"?><gpx><!-- c --><trk><trkseg>${Array.from(
      { length: 5 },
      (_, i) => `<trkpt lat="${i}" lon="-${i}"><ele>1${i}</ele><time><![CDATA[2026-01-0${i + 1}T00:00:00Z]]></time></trkpt>\n`,
    ).join('')}</trkseg></trk></gpx>`;
    const whole = read([text]);
    assert.equal(whole.length, 5);
    assert.deepEqual(
      whole.map(({ line }) => line),
      [1, 2, 3, 4, 5],
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 20 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        assert.deepEqual(read(at.slice(1).map((to, i) => text.slice(at[i], to))), whole);
      }),
    );
  });
});

describe('a file that wants to do harm', () => {
  it('gets no entity, no other file, and no address looked at', () => {
    const laughs = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">';
    for (const type of [`<!DOCTYPE gpx [${laughs}]>`, '<!DOCTYPE gpx SYSTEM "file:///etc/passwd">'])
      assert.throws(() => read([`${type}<gpx><wpt lat="1" lon="2"><name>&b;</name></wpt></gpx>`]), refused(/document type/));
    assert.throws(() => read(['<gpx>&b;</gpx>']), refused(/entity/));
  });

  it('is refused when it goes too deep, or has a piece without an end', () => {
    assert.throws(() => read([`<gpx>${'<a>'.repeat(gpxLimits.depthMax)}`]), refused(/within each other/));
    const piece = 'x'.repeat(64 * 1024);
    for (const begin of ['<gpx><!-- ', '<gpx><a b="', '<gpx>', '<!DOCTYPE ', '<gpx><a ']) {
      let pushed = 0;
      assert.throws(
        () => {
          const reader = new GpxReader();
          reader.push(begin);
          for (; pushed < 100; pushed++) reader.push(begin.endsWith('a ') ? `${piece.slice(0, -3)}="" ` : piece);
        },
        refused(/longer than|document type|attribute/),
        begin,
      );
      assert.ok(pushed <= gpxLimits.pieceCharactersMax / piece.length, `${begin} after ${pushed} pieces`);
    }
  });

  it('may be any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (pieces) => {
        try {
          const decoder = new XmlDecoder();
          const reader = new GpxReader();
          for (const piece of pieces) reader.push(decoder.push(piece));
          reader.push(decoder.end());
          reader.end();
          assert.fail('it was read');
        } catch (error) {
          assert.ok((error as { code?: string }).code === 'bad_request', String(error));
        }
      }),
    );
  });
});

describe('encodings', () => {
  const decode = (bytes: Uint8Array): string => {
    const decoder = new XmlDecoder();
    let text = '';
    for (const byte of bytes) text += decoder.push(Uint8Array.of(byte));
    return text + decoder.end();
  };

  it('are what the file says: by its mark, by its declaration, else UTF-8', () => {
    const text = '<?xml version="1.0"?><gpx>šő</gpx>';
    assert.equal(decode(Buffer.from(text)), text);
    assert.equal(decode(Buffer.from(`\uFEFF${text}`)), text);
    assert.equal(decode(Buffer.from(`\uFEFF${text}`, 'utf16le')), text);
    const latin = '<?xml version="1.0" encoding="ISO-8859-1"?><gpx>Málaga</gpx>';
    assert.equal(decode(Buffer.from(latin, 'latin1')), latin);
  });

  it('that are not read, or that the bytes are not, are refused', () => {
    assert.throws(() => decode(Buffer.from('<?xml version="1.0" encoding="EBCDIC-CP-US"?><gpx/>')), /EBCDIC/);
    assert.throws(() => decode(Buffer.from('<gpx>Málaga</gpx>', 'latin1')), /utf-8/);
  });
});
