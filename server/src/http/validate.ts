import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type CallerError, invalidField } from '../kernel/index.ts';

/** The JSON Schema keywords that our schemas use. */
interface PlainSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly items?: PlainSchema;
  readonly anyOf?: readonly PlainSchema[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly pattern?: string;
  readonly description?: string;
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: { readonly requiredProperties?: readonly string[]; readonly additionalProperties?: readonly string[] };
}

const range = (min: number | undefined, max: number | undefined, unit: string): string => {
  if (min !== undefined && max !== undefined) return min === max ? ` of ${min}${unit}` : ` of ${min} to ${max}${unit}`;
  if (max !== undefined) return ` of at most ${max}${unit}`;
  return min === undefined ? '' : ` of at least ${min}${unit}`;
};

const describers: Record<string, (schema: PlainSchema) => string> = {
  integer: (schema) => `a whole number${range(schema.minimum, schema.maximum, '')}`,
  number: (schema) => `a number${range(schema.minimum, schema.maximum, '')}`,
  boolean: () => 'true or false',
  null: () => 'null',
  string: (schema) => {
    if (schema.pattern) return schema.description ?? `a text like ${schema.pattern}`;
    return `a text${range(schema.minLength, schema.maxLength, ' characters')}`;
  },
  array: (schema) =>
    `a list${range(schema.minItems, schema.maxItems, '')}${schema.items ? `, each ${describe(schema.items)}` : ''}`,
  object: (schema) => {
    const names = Object.keys(schema.properties ?? {}).join(', ');
    return schema.minProperties ? `at least ${schema.minProperties} of ${names}` : `an object with ${names}`;
  },
};

/** What a schema allows, in words for an error. */
const describe = (schema: PlainSchema): string => {
  if (schema.anyOf) return schema.anyOf.map(describe).join(', or ');
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  return describers[schema.type ?? '']?.(schema) ?? 'another value';
};

const stepsOf = (instancePath: string): readonly string[] =>
  instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

const schemaAt = (schema: PlainSchema, steps: readonly string[]): PlainSchema => {
  let at: PlainSchema | undefined = schema;
  for (const step of steps) at = at?.properties?.[step] ?? at?.items;
  return at ?? {};
};

const valueAt = (value: unknown, steps: readonly string[]): unknown => {
  let at = value;
  for (const step of steps) at = (at as Record<string, unknown> | undefined)?.[step];
  return at;
};

const fieldName = (steps: readonly string[], part: string): string =>
  steps.join('.').replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]') || part;
const shownCharactersMax = 200;
/** A long value is cut, so that an error stays an error and not an echo. */
const shown = (value: unknown): unknown => {
  const text = JSON.stringify(value);
  return text !== undefined && text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : value;
};

const toCallerError = (schema: PlainSchema, part: string, value: unknown, error: SchemaError): CallerError => {
  const steps = stepsOf(error.instancePath);
  const { requiredProperties, additionalProperties } = error.params;
  if (requiredProperties?.[0] !== undefined) {
    const missing = [...steps, requiredProperties[0]];
    return invalidField(fieldName(missing, part), undefined, describe(schemaAt(schema, missing)));
  }
  if (additionalProperties?.[0] !== undefined) {
    const unknown = [...steps, additionalProperties[0]];
    const known = Object.keys(schemaAt(schema, steps).properties ?? {});
    const expected = known.length > 0 ? `only the names ${known.join(', ')}` : 'nothing of that name';
    return invalidField(fieldName(unknown, part), shown(valueAt(value, unknown)), expected);
  }
  return invalidField(fieldName(steps, part), shown(valueAt(value, steps)), describe(schemaAt(schema, steps)));
};

/** The most telling error: the words about a whole object or a choice explain more than those about its branches. */
const mostTelling = (errors: readonly SchemaError[]): SchemaError | undefined =>
  errors.find((error) => error.params.additionalProperties ?? error.params.requiredProperties) ??
  errors.find((error) => error.keyword === 'anyOf') ??
  errors[0];

const numeral = /^-?\d{1,16}(\.\d{1,16})?$/;

/** Query parameters and path parts are texts: those whose schema is a number become one, when they look like one. */
const numbersIn = (schema: PlainSchema, value: unknown): unknown => {
  const converted: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const text = converted[name];
    const isNumber = property.type === 'integer' || property.type === 'number';
    if (isNumber && typeof text === 'string' && numeral.test(text)) converted[name] = Number(text);
  }
  return converted;
};

/** A value inside another. */
interface Place {
  readonly value: unknown;
  readonly name: string;
  readonly parent: Place | undefined;
}

const stepsTo = (place: Place): readonly string[] => {
  const steps: string[] = [];
  for (let at: Place | undefined = place; at?.parent; at = at.parent) steps.unshift(at.name);
  return steps;
};

/** Lists and objects as JSON has them; a body that is read bit by bit is none. */
const partsOf = (place: Place): readonly Place[] => {
  const { value } = place;
  if (typeof value !== 'object' || value === null) return [];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return [];
  return Object.entries(value).map(([name, part]) => ({ value: part as unknown, name, parent: place }));
};

/** Where a text holds U+0000, which no column of text in the database takes; undefined: nowhere. Without recursion, for bodies may be deep. */
const stepsToNul = (value: unknown): readonly string[] | undefined => {
  const open: Place[] = [{ value, name: '', parent: undefined }];
  for (let place = open.pop(); place; place = open.pop()) {
    if (typeof place.value === 'string' && place.value.includes('\0')) return stepsTo(place);
    if (place.parent && place.name.includes('\0')) return stepsTo(place.parent);
    for (const part of partsOf(place)) open.push(part);
  }
  return undefined;
};

export type Checked = { readonly value: unknown } | { readonly error: CallerError };

/**
 * Compiles a schema into a check of one part of a request. Nothing is removed and nothing in a body is converted: what does not fit is
 * refused with field, value and what was expected.
 */
export const compileCheck = (schema: TSchema, part: string): ((value: unknown) => Checked) => {
  const compiled = Compile(schema);
  const plain = schema as PlainSchema;
  return (given) => {
    const value = part === 'body' ? given : numbersIn(plain, given);
    if (compiled.Check(value)) {
      const nul = stepsToNul(value);
      if (!nul) return { value };
      return { error: invalidField(fieldName(nul, part), shown(valueAt(value, nul)), 'a text without the character U+0000') };
    }
    const error = mostTelling(compiled.Errors(value) as readonly SchemaError[]);
    return { error: error ? toCallerError(plain, part, value, error) : invalidField(part, shown(value), describe(plain)) };
  };
};
