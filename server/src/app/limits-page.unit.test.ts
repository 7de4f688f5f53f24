import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  apiLimits,
  appVehicleLimits,
  consentLimits,
  feedApiLimits,
  invitationApiLimits,
  managementApiLimits,
  oauthApiLimits,
  partnerApiLimits,
  partnerDataLimits,
  personErasureApiLimits,
} from '@milepost/contract/api';
import { streamLimits } from '@milepost/contract/stream';
import { warningLimits } from '../alerts/index.ts';
import { journalLimits } from '../eventlog/adapters/journal/options.ts';
import { kafkaLogLimits } from '../eventlog/adapters/kafka/options.ts';
import { exportSinkLimits } from '../export-topic/adapters/kafka/index.ts';
import { exportLimits } from '../export-topic/index.ts';
import { cassandraLimits } from '../history/adapters/cassandra/options.ts';
import { poisonListedMax } from '../history/limits.ts';
import { partnerRateLimits } from '../http/access/partner-rate.ts';
import { accessLimits } from '../http/access/operator-access.ts';
import { httpLimits } from '../http/limits.ts';
import { feedLimits, feedStreamLimits, webhookLimits } from '../feeds/index.ts';
import { browserStreamLimits } from '../http/stream/limits.ts';
import { importLimits, ingestLimits, sessionLimits } from '../ingest/index.ts';
import { clockStepMsMin } from '../kernel/stepping-clock.ts';
import { lakeLimits } from '../lake/index.ts';
import { oauthLimits } from '../oauth/index.ts';
import { partnerLimits } from '../partners/index.ts';
import { peopleLimits } from '../people/index.ts';
import { personErasureLimits } from '../person-erasure/index.ts';
import { personalDataLimits } from '../personal-data/index.ts';
import { possessionLimits } from '../registry/index.ts';
import { gpxLimits } from '../protocols/gpx/index.ts';
import { listenerLimits, mqttLimits } from '../protocols/index.ts';
import { temporaryAgeMaxMs } from '../storage/adapters/folder/index.ts';
import { valkeyLimits } from '../storage/adapters/valkey/index.ts';
import { fanOutLimits } from '../storage/index.ts';
import { storedNameCharactersMax } from '../storage/snapshot-store.ts';
import { watchEveryMs, watchAwayEveryMs, watchTimeoutMs } from '../storage/watch.ts';
import { reportLimits } from '../reports/index.ts';
import { sandboxLimits } from '../sandbox/index.ts';
import { grantLimits, invitationLimits, receiptLimits } from '../sharing/index.ts';
import { tripLimits, tripStoreLimits } from '../trips/index.ts';
import { catchUpLimits } from './cluster/catch-up.ts';
import { deadLetterLimits } from './dead-letters.ts';

/** What docs/limits.md speaks of, by the names in its headings. */
const allLimits: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  listenerLimits,
  mqttLimits,
  sessionLimits,
  ingestLimits,
  importLimits,
  gpxLimits,
  journalLimits: { ...journalLimits },
  kafkaLogLimits: { ...kafkaLogLimits },
  exportLimits: { ...exportLimits },
  exportSinkLimits: { ...exportSinkLimits },
  cassandraLimits: { ...cassandraLimits },
  apiLimits,
  httpLimits,
  lakeLimits,
  tripLimits,
  tripStoreLimits,
  reportLimits,
  accessLimits,
  peopleLimits,
  possessionLimits,
  oauthApiLimits,
  oauthLimits,
  partnerApiLimits,
  partnerLimits,
  consentLimits,
  grantLimits,
  partnerDataLimits,
  receiptLimits,
  personalDataLimits,
  personErasureLimits,
  personErasureApiLimits,
  partnerRateLimits,
  feedApiLimits,
  appVehicleLimits,
  sandboxLimits,
  feedLimits,
  feedStreamLimits,
  invitationApiLimits,
  managementApiLimits,
  invitationLimits,
  webhookLimits,
  catchUpLimits,
  streamLimits,
  warningLimits,
  browserStreamLimits,
  deadLetterLimits: { ...deadLetterLimits, poisonListedMax },
  fanOutLimits: { ...fanOutLimits },
  valkeyLimits: { ...valkeyLimits },
  'storage/snapshot-store.ts': { storedNameCharactersMax, temporaryAgeMaxMs },
  'storage/watch.ts': { watchEveryMs, watchAwayEveryMs, watchTimeoutMs },
  'kernel/stepping-clock.ts': { clockStepMsMin },
};

const units: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  s: 1000,
  min: 60_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** `1,024`, `0.8`, `64 MiB`, `1 MiB and 1 KiB`, `14 days`, `2^32 − 1`. */
const readValue = (text: string): number =>
  text.split(' and ').reduce((sum, part) => {
    const power = /^2\^(\d+) − 1$/.exec(part);
    if (power) return sum + 2 ** Number(power[1]) - 1;
    const [, digits = '', unit = ''] = /^([\d,]+(?:\.\d+)?) ?(\w*)$/.exec(part) ?? [];
    return sum + Number(digits.replaceAll(',', '') || Number.NaN) * (units[unit] ?? Number.NaN);
  }, 0);

/** The limits of a page by name: `| `a`, `b` | 1, 2 MiB | … |`. A setting beside a value stands in marks or parentheses. */
const limitsOfPage = (text: string): Map<string, { readonly object: string; readonly value: string }[]> => {
  const found = new Map<string, { readonly object: string; readonly value: string }[]>();
  let objects: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) objects = [...line.matchAll(/`([\w/.-]+)`/g)].map(([, name]) => name as string);
    const [, names = '', values = ''] = line.split('|').map((cell) => cell.trim());
    if (!names.startsWith('`')) continue;
    const named = [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
    const valued = values.replaceAll(/ \(.*?\)|, `\w+`/g, '').split(', ');
    assert.equal(valued.length, named.length, `${line}: a value for each name`);
    for (const [i, name] of named.entries()) {
      const object = objects.find((one) => allLimits[one] && name in allLimits[one]);
      assert.ok(object, `${name} stands below ${objects.join(', ')}, where there is none`);
      found.set(name, [...(found.get(name) ?? []), { object, value: valued[i] as string }]);
    }
  }
  return found;
};

test('docs/limits.md names every limit of devices, log, API and browser stream, with the value that it has', () => {
  const page = limitsOfPage(readFileSync(path.resolve(import.meta.dirname, '../../../docs/limits.md'), 'utf8'));
  for (const [object, limits] of Object.entries(allLimits)) {
    for (const [name, value] of Object.entries(limits)) {
      const row = page.get(name)?.find((one) => one.object === object);
      assert.ok(row, `${object}.${name} is missing`);
      assert.equal(readValue(row.value), value, `${object}.${name} is ${value}, the page says ${row.value}`);
    }
  }
});
