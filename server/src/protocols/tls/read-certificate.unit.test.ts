import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { imeisOf, urisOf } from './read-certificate.ts';

const imei = '350000000000017';
const urn = 'urn:gsma:imei:35000000-000001-7';
const certificate = (subject: { CN?: string | string[] }, subjectaltname?: string) => ({
  subject,
  subjectaltname,
  fingerprint256: '',
  valid_from: '',
  valid_to: '',
});

describe('the IMEI of a certificate', () => {
  it('is a common name of 15 digits, or a URN among the alternative names, and counts once', () => {
    assert.deepEqual(imeisOf(certificate({ CN: imei })), [imei]);
    assert.deepEqual(imeisOf(certificate({}, `DNS:x, URI:${urn}`)), [imei]);
    assert.deepEqual(imeisOf(certificate({ CN: imei }, `URI:${urn.toUpperCase()}, URI:urn:gsma:imei:${imei}`)), [imei]);
  });

  it('is none when nothing of it is an IMEI', () => {
    for (const CN of ['', '35000000000001', `${imei}0`, ` ${imei}`, `CN=${imei}`, '٣٥٠٠٠٠٠٠٠٠٠٠٠١٧'])
      assert.deepEqual(imeisOf(certificate({ CN })), [], CN);
    assert.deepEqual(imeisOf(certificate({}, `DNS:${imei}, email:${urn}, URI:https://example.org/${imei}`)), []);
  });

  it('is more than one when common names or URNs differ', () => {
    assert.equal(imeisOf(certificate({ CN: [imei, '350000000000025'] })).length, 2);
    assert.equal(imeisOf(certificate({ CN: imei }, 'URI:urn:gsma:imei:35999999-999999-9')).length, 2);
  });

  it('is never read out of the inside of another name', () => {
    for (const text of [
      `DNS:"x, URI:${urn}"`,
      `DNS:"a\\", URI:${urn}"`,
      `DirName:"CN=x, URI:${urn}", DNS:y`,
      `URI:"x, URI:${urn}"`,
    ])
      assert.deepEqual(urisOf(text), [], text);
    // As Node writes it: what holds a comma or a quote is a JSON string.
    const value = fc.string({ unit: fc.constantFrom('a', ',', ' ', '"', '\\', 'URI:', urn), maxLength: 12 });
    const written = (kind: string, text: string): string => `${kind}:${/[,"\\]/.test(text) ? JSON.stringify(text) : text}`;
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        const text = [...values.map((one) => written('DNS', one)), `URI:${urn}`].join(', ');
        assert.deepEqual(urisOf(text), [urn]);
      }),
    );
  });
});
