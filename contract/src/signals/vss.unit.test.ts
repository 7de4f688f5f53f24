import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { coreSignals } from './core.ts';
import type { SignalDefinition } from './definition.ts';

interface VssLeaf {
  readonly datatype: string;
  readonly unit: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly allowed: readonly string[];
}

const numberOf = (text: string): number | undefined => (text === '' ? undefined : Number(text));

/** A line is `path,type,datatype,unit,min,max,"['A', 'B']",deprecated`; only the list of allowed values is quoted. */
const parseLine = (line: string): [string, VssLeaf] => {
  const [path = '', , datatype = '', unit = '', min = '', max = ''] = line.split(',');
  const list = /"\[(.*)\]"/.exec(line)?.[1] ?? '';
  const allowed = [...list.matchAll(/'([^']*)'/g)].map((match) => match[1] as string);
  return [path, { datatype, unit, min: numberOf(min), max: numberOf(max), allowed }];
};

const text = readFileSync(new URL('../../data/vss-6.0/signals.csv', import.meta.url), 'utf8');
const leaves = new Map(text.trim().split('\n').slice(1).map(parseLine));

const datatypesOf: Record<SignalDefinition['kind'], RegExp> = {
  boolean: /^boolean$/,
  number: /^(u?int(8|16|32)|float|double)$/,
  enum: /^string$/,
  string: /^string$/,
  stringList: /^string\[\]$/,
};

/** Of these VSS's 16 bits end below the heaviest road combination: stored in 32 bits here. */
const wider = new Set(['Vehicle.CurrentOverallWeight', 'Vehicle.GrossWeight', 'Vehicle.CurbWeight']);
const rangeOf = (datatype: string): [number, number] | undefined => {
  const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(datatype) ?? [];
  if (bits === undefined) return undefined;
  return unsigned ? [0, 2 ** Number(bits) - 1] : [-(2 ** (Number(bits) - 1)), 2 ** (Number(bits) - 1) - 1];
};

describe('core signals and VSS 6.0', () => {
  it('reads the whole of VSS', () => assert.ok(leaves.size > 1000, `${leaves.size} leaves`));
  for (const signal of coreSignals) {
    const leaf = leaves.get(signal.path);
    if (signal.origin !== 'vss') {
      it(`${signal.path} is our own and not in VSS`, () => assert.equal(leaf, undefined));
      continue;
    }
    it(`${signal.path} has the type, unit and bounds of VSS`, () => {
      assert.ok(leaf, 'is not in VSS 6.0');
      assert.match(leaf.datatype, datatypesOf[signal.kind]);
      assert.equal(signal.unit, leaf.unit);
      if (leaf.min !== undefined) assert.equal(signal.min, leaf.min);
      if (leaf.max !== undefined) assert.equal(signal.max, leaf.max);
      if (signal.kind === 'enum') assert.deepEqual(signal.values, leaf.allowed);
      const range = rangeOf(leaf.datatype);
      if (!range || wider.has(signal.path)) return;
      assert.ok(signal.min >= range[0] && signal.max <= range[1], `${signal.min} … ${signal.max} is outside of ${leaf.datatype}`);
    });
  }
});
