import { consentGroups, type Vocabulary } from '@milepost/contract';
import { partnerApiLimits } from '@milepost/contract/api';
import { invalidField } from '../kernel/index.ts';
import type { AppItem, AppWords } from './types.ts';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/** One line of text: no control characters, no spaces around it. Throws `invalid_field`. */
export const checkLine = (field: string, text: string, max: number): string => {
  const line = text.normalize('NFC').replaceAll(/\s+/g, ' ').trim();
  const length = Array.from(line).length;
  if (length < 1 || length > max || /\p{Cc}/u.test(line)) throw invalidField(field, text.slice(0, 200), `1 to ${max} characters`);
  return line;
};

/** Text that may have lines. Throws `invalid_field`. */
export const checkText = (field: string, text: string, max: number): string => {
  const checked = text.normalize('NFC').replaceAll('\r\n', '\n').trim();
  if (checked.length < 1 || checked.length > max || /[^\P{Cc}\n\t]/u.test(checked))
    throw invalidField(field, text.slice(0, 200), `1 to ${max} characters`);
  return checked;
};

/**
 * An address as it is compared later: character by character, so it must be written as URLs are written. https; where it may be, of a sandbox app, also http of
 * this machine, where its developer tries it. Throws `invalid_field`.
 */
export const checkAddress = (field: string, text: string, mayBeLoopback: boolean): string => {
  const url = URL.parse(text);
  const isSecure = url?.protocol === 'https:';
  const isLoopback = mayBeLoopback && url?.protocol === 'http:' && loopbackNames.has(url.hostname);
  const isPlain = url !== null && url.username === '' && url.password === '' && !text.includes('#') && !text.includes('*');
  // `https://host` is the same as `https://host/`; everything else must be written as it is read.
  const isAsWritten = url !== null && (url.href === text || url.href === `${text}/`);
  if (!url || !(isSecure || isLoopback) || !isPlain || !isAsWritten) {
    const expected = mayBeLoopback ? 'https://…, or http:// of this machine' : 'https://…';
    throw invalidField(field, text.slice(0, 200), `${expected}, without user, fragment and *, written as browsers write it`);
  }
  return text;
};

const checkItem = ({ item, reason, ...precision }: AppItem, i: number, vocabulary: Vocabulary): AppItem => {
  const group = (consentGroups as readonly string[]).includes(item) ? item : vocabulary.byPath(item)?.group;
  if (group === undefined)
    throw invalidField(`items[${i}].item`, item, 'a consent group or the path of a signal of the vocabulary');
  if (precision.place !== undefined && group !== 'position')
    throw invalidField(`items[${i}].place`, precision.place, 'nothing: only positions have a place');
  return { item, reason: checkLine(`items[${i}].reason`, reason, partnerApiLimits.reasonCharactersMax), ...precision };
};

/** Throws `invalid_field`. */
export const checkItems = (items: readonly AppItem[], vocabulary: Vocabulary): AppItem[] => {
  const checked = items.map((item, i) => checkItem(item, i, vocabulary));
  const names = checked.map(({ item }) => item);
  const twice = names.findIndex((item, i) => names.indexOf(item) < i);
  if (twice >= 0) throw invalidField(`items[${twice}].item`, names[twice], 'each item once');
  return checked;
};

/** What is said of an app, as it is kept. Throws `invalid_field`. */
export const checkWords = (words: AppWords, mayBeLoopback: boolean, vocabulary: Vocabulary): AppWords => ({
  name: checkLine('name', words.name, 200),
  about: checkText('about', words.about, partnerApiLimits.aboutCharactersMax),
  homepage: checkAddress('homepage', words.homepage, mayBeLoopback),
  privacyPage: checkAddress('privacyPage', words.privacyPage, mayBeLoopback),
  redirectAddresses: [
    ...new Set(words.redirectAddresses.map((one, i) => checkAddress(`redirectAddresses[${i}]`, one, mayBeLoopback))),
  ],
  pingAddress: words.pingAddress === null ? null : checkAddress('pingAddress', words.pingAddress, mayBeLoopback),
  items: checkItems(words.items, vocabulary),
});
