import {
  consentGroups,
  coreSignal,
  coreSignals,
  dataActClasses,
  deviceKinds,
  type SignalDefinition,
  type SignalKind,
} from '@milepost/contract';
import { parse } from 'yaml';
import { CallerError, invalidField } from '../kernel/index.ts';

/** A signal of an overlay: everything but the number, which PostgreSQL gives. */
export type OverlaySignal = Omit<SignalDefinition, 'number'>;

const overlayBytesMax = 1_000_000;
const overlaySignalsMax = 5000;
const pathCharactersMax = 200;
const enumWordsMax = 1000;
const textBytesMax = 4096;
/** Used where neither the overlay nor the datatype says more; docs/registry.md lists them. */
const defaults = {
  floatBound: 1_000_000_000,
  perUnitOfFloat: 100,
  stringBytes: 256,
  listBytes: 1024,
  group: 'body',
  dataActClass: 'raw',
} as const;

const vspecKeys = ['type', 'datatype', 'unit', 'min', 'max', 'allowed', 'description'] as const;
/** Part of the syntax of VSS, without a meaning here. */
const ignoredKeys = ['comment', 'default', 'deprecation', 'fka', 'constUID', 'pattern'] as const;
const ownKeys = ['perUnit', 'group', 'dataActClass', 'label', 'sourcePriority', 'maxBytes'] as const;

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const refuseUnknown = (where: string, fields: Fields, known: readonly string[]): void => {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalidField(`${where}.${unknown}`, fields[unknown], `one of the keys ${known.join(', ')}`);
};

const oneOf = <T extends string>(where: string, value: unknown, words: readonly T[], fallback: T): T => {
  if (value === undefined) return fallback;
  const word = words.find((known) => known === value);
  if (word === undefined) throw invalidField(where, value, `one of ${words.join(', ')}`);
  return word;
};

const numberOr = (where: string, value: unknown, fallback: number): number => {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalidField(where, value, 'a number');
};

/** Names as VSS has them, so that no path differs from another only by its case or its punctuation. */
const checkPath = (path: string): void => {
  const isFine = path.length <= pathCharactersMax && /^Vehicle(\.[A-Z][A-Za-z0-9]*)+$/.test(path);
  if (!isFine) throw invalidField('overlay', path, 'paths such as Vehicle.Acme.BoxTemperature');
  if (coreSignals.some((signal) => signal.path === path))
    throw invalidField('overlay', path, 'a path that is not one of the core signals');
};

interface Range {
  readonly min: number;
  readonly max: number;
  readonly perUnit: number;
}

const integerRange = (datatype: string): Range | undefined => {
  const [, unsigned, bits] = /^(u?)int(8|16|32|64)$/.exec(datatype) ?? [];
  if (bits === undefined) return undefined;
  const limit = bits === '64' ? Number.MAX_SAFE_INTEGER : 2 ** (Number(bits) - (unsigned ? 0 : 1)) - 1;
  return { min: unsigned ? 0 : bits === '64' ? -limit : -limit - 1, max: limit, perUnit: 1 };
};

const numericRange = (datatype: string): Range | undefined =>
  datatype === 'float' || datatype === 'double'
    ? { min: -defaults.floatBound, max: defaults.floatBound, perUnit: defaults.perUnitOfFloat }
    : integerRange(datatype);

type Typed = Pick<SignalDefinition, 'kind' | 'unit' | 'perUnit' | 'min' | 'max' | 'values'>;

const readNumber = (path: string, fields: Fields, own: Fields, range: Range): Typed => {
  if (fields['allowed'] !== undefined)
    throw invalidField(`${path}.allowed`, fields['allowed'], 'allowed values with the datatype string only');
  const unit = fields['unit'] ?? '';
  if (typeof unit !== 'string' || unit.length > 32)
    throw invalidField(`${path}.unit`, unit, 'a unit of VSS, such as km/h or Celsius');
  const min = numberOr(`${path}.min`, fields['min'], range.min);
  const max = numberOr(`${path}.max`, fields['max'], range.max);
  if (min >= max) throw invalidField(`${path}.max`, max, `more than min, which is ${min}`);
  const perUnit = numberOr(`${path}.x-milepost.perUnit`, own['perUnit'], range.perUnit);
  const largest = Math.max(Math.abs(min), Math.abs(max)) * perUnit;
  if (perUnit <= 0 || largest > Number.MAX_SAFE_INTEGER) {
    throw invalidField(`${path}.x-milepost.perUnit`, perUnit, 'more than 0, and so that the bounds times it stay below 2^53');
  }
  return { kind: 'number', unit, perUnit, min, max };
};

const readWords = (path: string, allowed: unknown): Typed => {
  const isFine =
    Array.isArray(allowed) &&
    allowed.length > 0 &&
    allowed.length <= enumWordsMax &&
    allowed.every((word) => typeof word === 'string' && word !== '');
  if (!isFine || new Set(allowed).size !== allowed.length)
    throw invalidField(`${path}.allowed`, allowed, `1 to ${enumWordsMax} different words`);
  return { kind: 'enum', unit: '', perUnit: 1, min: 0, max: allowed.length - 1, values: allowed as string[] };
};

const readTyped = (path: string, fields: Fields, own: Fields): Typed => {
  const datatype = fields['datatype'];
  const range = typeof datatype === 'string' ? numericRange(datatype) : undefined;
  if (range) return readNumber(path, fields, own, range);
  if (datatype === 'boolean') return { kind: 'boolean', unit: '', perUnit: 1, min: 0, max: 1 };
  if (datatype === 'string' && fields['allowed'] !== undefined) return readWords(path, fields['allowed']);
  const kinds: Readonly<Record<string, SignalKind>> = { string: 'string', 'string[]': 'stringList' };
  const kind = typeof datatype === 'string' ? kinds[datatype] : undefined;
  if (!kind) throw invalidField(`${path}.datatype`, datatype, 'boolean, float, double, int8 … uint64, string or string[]');
  const max = numberOr(
    `${path}.x-milepost.maxBytes`,
    own['maxBytes'],
    kind === 'string' ? defaults.stringBytes : defaults.listBytes,
  );
  if (!Number.isInteger(max) || max < 1 || max > textBytesMax)
    throw invalidField(`${path}.x-milepost.maxBytes`, max, `1 to ${textBytesMax}`);
  return { kind, unit: '', perUnit: 1, min: 0, max };
};

/** "Vehicle.Acme.BoxTemperature" is "Box temperature". */
const labelOf = (path: string): string => {
  const words = (path.split('.').at(-1) as string).replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const readPriority = (path: string, value: unknown): SignalDefinition['sourcePriority'] => {
  const usual = coreSignal('Vehicle.Speed').sourcePriority;
  if (value === undefined) return usual;
  const isFine =
    Array.isArray(value) &&
    new Set(value).size === value.length &&
    value.every((kind) => deviceKinds.some((known) => known === kind));
  if (!isFine) throw invalidField(`${path}.x-milepost.sourcePriority`, value, `a list of ${deviceKinds.join(', ')}`);
  // What is not named comes after.
  return [...(value as SignalDefinition['sourcePriority']), ...usual.filter((kind) => !value.includes(kind))];
};

const readSignal = (path: string, fields: Fields): OverlaySignal => {
  checkPath(path);
  refuseUnknown(path, fields, [...vspecKeys, ...ignoredKeys, 'x-milepost']);
  oneOf(`${path}.type`, fields['type'], ['sensor', 'actuator', 'attribute'], 'sensor');
  const own = fields['x-milepost'] ?? {};
  if (!isFields(own)) throw invalidField(`${path}.x-milepost`, own, `keys ${ownKeys.join(', ')}`);
  refuseUnknown(`${path}.x-milepost`, own, ownKeys);
  const label = own['label'] ?? labelOf(path);
  if (typeof label !== 'string' || label === '' || label.length > 100)
    throw invalidField(`${path}.x-milepost.label`, label, '1 to 100 characters');
  return {
    path,
    ...readTyped(path, fields, own),
    group: oneOf(`${path}.x-milepost.group`, own['group'], consentGroups, defaults.group),
    dataActClass: oneOf(`${path}.x-milepost.dataActClass`, own['dataActClass'], dataActClasses, defaults.dataActClass),
    label,
    origin: 'user',
    sourcePriority: readPriority(path, own['sourcePriority']),
  };
};

const parseText = (text: string): unknown => {
  if (Buffer.byteLength(text) > overlayBytesMax) throw invalidField('overlay', '(too long)', `at most ${overlayBytesMax} bytes`);
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new CallerError('invalid_field', `the overlay is not YAML: ${(cause as Error).message}`, {
      field: 'overlay',
      expected: 'YAML or JSON',
      cause,
    });
  }
};

/**
 * Reads an overlay in the syntax of VSS (vspec, one key a path; JSON is YAML too). Branches are passed over. Throws
 * `invalid_field` that names the path and the key.
 */
export const readOverlay = (text: string): readonly OverlaySignal[] => {
  const content = parseText(text) ?? {};
  if (!isFields(content)) throw invalidField('overlay', content, 'a path on each key');
  const entries = Object.entries(content);
  if (entries.length > overlaySignalsMax) throw invalidField('overlay', entries.length, `at most ${overlaySignalsMax} signals`);
  const signals: OverlaySignal[] = [];
  for (const [path, fields] of entries) {
    if (!isFields(fields)) throw invalidField(path, fields, `keys ${vspecKeys.join(', ')}`);
    if (fields['type'] !== 'branch') signals.push(readSignal(path, fields));
  }
  return signals;
};
