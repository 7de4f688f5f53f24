import type { PersonErasureState } from '@milepost/contract/api';
import { CallerError } from '../kernel/index.ts';
import type { ErasedLine, ErasureCommand, ErasureStage, ErasureStep, PersonErasure } from './types.ts';

type Word = 'hold' | 'begin' | 'take_back' | `pass ${ErasureStage}`;
/** `same`: it was so already, nothing happens. `refused`: not any more, or not yet. */
type Next = PersonErasureState | 'same' | 'refused';

const stages = ['releasing', 'clearing', 'forgetting'] as const satisfies readonly ErasureStage[];

/** While a stage is under way: its own end leads on, those before it have passed already (a process came again after a crash). */
const under = (stage: ErasureStage): Record<Word, Next> => {
  const at = stages.indexOf(stage);
  const pass = (of: ErasureStage): Next => {
    const i = stages.indexOf(of);
    if (i < at) return 'same';
    return i === at ? (stages[at + 1] ?? 'done') : 'refused';
  };
  return {
    hold: 'refused',
    begin: 'same',
    take_back: 'refused',
    'pass releasing': pass('releasing'),
    'pass clearing': pass('clearing'),
    'pass forgetting': pass('forgetting'),
  };
};

const before = { 'pass releasing': 'refused', 'pass clearing': 'refused', 'pass forgetting': 'refused' } as const;

/** The life of an erasure: each state, each word. docs/people.md has it as a picture. */
export const erasureTable: Readonly<Record<PersonErasureState, Readonly<Record<Word, Next>>>> = {
  waiting: { hold: 'held', begin: 'releasing', take_back: 'taken_back', ...before },
  held: { hold: 'same', begin: 'releasing', take_back: 'taken_back', ...before },
  releasing: under('releasing'),
  clearing: under('clearing'),
  forgetting: under('forgetting'),
  done: {
    hold: 'refused',
    begin: 'same',
    take_back: 'refused',
    'pass releasing': 'same',
    'pass clearing': 'same',
    'pass forgetting': 'same',
  },
  taken_back: { hold: 'refused', begin: 'refused', take_back: 'same', ...before },
};

const wordOf = (command: ErasureCommand): Word => (command.kind === 'pass' ? `pass ${command.stage}` : command.kind);

const stepOf = (command: ErasureCommand, atMs: number): ErasureStep => {
  switch (command.kind) {
    case 'hold':
      return { kind: 'held', atMs, organisations: command.organisations };
    case 'begin':
      return { kind: 'begun', atMs, erased: command.erased, found: command.found };
    case 'take_back':
      return { kind: 'taken_back', atMs };
    case 'pass':
      return { kind: 'passed', atMs, stage: command.stage, erased: command.erased };
  }
};

/** Undefined: nothing happens. Throws `erasure_begun`. */
export const decideErasure = (
  { state }: Pick<PersonErasure, 'state'>,
  command: ErasureCommand,
  nowMs: number,
): ErasureStep | undefined => {
  const next = erasureTable[state][wordOf(command)];
  if (next === 'refused') throw new CallerError('erasure_begun', `this erasure is ${state}`);
  return next === 'same' ? undefined : stepOf(command, nowMs);
};

const commandOf = (step: ErasureStep): Word =>
  step.kind === 'passed' ? `pass ${step.stage}` : step.kind === 'held' ? 'hold' : step.kind === 'begun' ? 'begin' : 'take_back';

export const evolveErasure = <T extends PersonErasure>(erasure: T, step: ErasureStep): T => {
  const next = erasureTable[erasure.state][commandOf(step)];
  const state = next === 'same' || next === 'refused' ? erasure.state : next;
  return {
    ...erasure,
    state,
    steps: [...erasure.steps, step],
    beganMs: step.kind === 'begun' ? step.atMs : erasure.beganMs,
    endedMs: state === 'done' || state === 'taken_back' ? step.atMs : erasure.endedMs,
  };
};

/** All that was erased, in the order in which it was. */
export const erasedLines = ({ steps }: Pick<PersonErasure, 'steps'>): readonly (ErasedLine & { readonly atMs: number })[] =>
  steps.flatMap((step) =>
    step.kind === 'passed' || step.kind === 'begun' ? step.erased.map((line) => ({ ...line, atMs: step.atMs })) : [],
  );

const percents: Readonly<Record<PersonErasureState, number>> = {
  waiting: 0,
  held: 0,
  releasing: 10,
  clearing: 50,
  forgetting: 75,
  done: 100,
  taken_back: 0,
};

export const percentOf = ({ state }: Pick<PersonErasure, 'state'>): number => percents[state];
