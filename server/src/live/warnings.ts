import {
  coreSignal,
  type VehicleWarning,
  type WarningCode,
  warningCodesToldMax,
  type WarningDetail,
  type WarningSeverity,
  warningKinds,
  warningSeverities,
  warningText,
  wellKnown,
  wheels,
} from '@milepost/contract';
import type { TirePlacardKpa } from '../registry/index.ts';

/** Below this share of the placard a tire is low: UN ECE R141 asks a tire monitor to warn at 20 % under. */
export const tirePressureLowShare = 0.8;

/** What the rules read of one vehicle: stored numbers (NaN: none), texts, and what the registry says. */
export interface WarningFacts {
  number(signalNumber: number): number;
  text(signalNumber: number): string | undefined;
  readonly tirePlacardKpa: TirePlacardKpa | null;
  readonly grossWeightKg: number | null;
}

interface Finding {
  readonly signals: readonly number[];
  readonly detail: WarningDetail;
}

/** One warning: which signals it looks at and when it is active. */
interface WarningRule {
  readonly code: WarningCode;
  readonly signals: readonly number[];
  find(facts: WarningFacts): Finding | undefined;
}

const n = (path: string): number => coreSignal(`Vehicle.${path}`).number;
const wheelSignals = (leaf: string): readonly number[] =>
  wheels.map((wheel) => n(`Chassis.Axle.Row${wheel.row}.Wheel.${wheel.side}.${leaf}`));

const flagRule = (code: WarningCode, signal: number): WarningRule => ({
  code,
  signals: [signal],
  find: (facts) => (facts.number(signal) === 1 ? { signals: [signal], detail: {} } : undefined),
});

/** A lamp is an enum whose first word is OFF. */
const lampRule = (code: WarningCode, path: string): WarningRule => {
  const signal = n(path);
  return { code, signals: [signal], find: (facts) => (facts.number(signal) > 0 ? { signals: [signal], detail: {} } : undefined) };
};

const listRule = (code: WarningCode, list: number, count?: number): WarningRule => ({
  code,
  signals: count === undefined ? [list] : [list, count],
  find: (facts) => {
    const text = facts.text(list);
    // Stored lists are canonical JSON, so an empty one is always these two characters.
    if (text !== undefined && text !== '[]') {
      return { signals: [list], detail: { codes: (JSON.parse(text) as string[]).slice(0, warningCodesToldMax) } };
    }
    const number = count === undefined ? Number.NaN : facts.number(count);
    return text === undefined && count !== undefined && number > 0
      ? { signals: [count], detail: { codeCount: number } }
      : undefined;
  },
});

const wheelRule = (
  code: WarningCode,
  signals: readonly number[],
  isActive: (facts: WarningFacts, wheel: number) => number | undefined,
): WarningRule => ({
  code,
  signals,
  find: (facts) => {
    const signalsFound: number[] = [];
    const found: number[] = [];
    for (let wheel = 0; wheel < wheels.length; wheel++) {
      const signal = isActive(facts, wheel);
      if (signal === undefined) continue;
      signalsFound.push(signal);
      found.push(wheel);
    }
    return found.length > 0 ? { signals: signalsFound, detail: { wheels: found } } : undefined;
  },
});

const flagOfWheel = (signals: readonly number[]) => (facts: WarningFacts, wheel: number) => {
  const signal = signals[wheel] as number;
  return facts.number(signal) === 1 ? signal : undefined;
};

const pressures = wheelSignals('Tire.Pressure');
const lowFlags = wheelSignals('Tire.IsPressureLow');
const placards = wheelSignals('Tire.PlacardPressure');

/** The vehicle's own flag, or the pressure under 80 % of the placard; the registry's placard goes before a reported one. */
const lowTire = (facts: WarningFacts, wheel: number): number | undefined => {
  const flag = lowFlags[wheel] as number;
  if (facts.number(flag) === 1) return flag;
  const pressure = pressures[wheel] as number;
  const placardKpa = facts.tirePlacardKpa?.[wheel] ?? facts.number(placards[wheel] as number);
  return facts.number(pressure) < placardKpa * tirePressureLowShare ? pressure : undefined;
};

const grossWeight = n('GrossWeight');
const overweight: WarningRule = {
  code: 'overweight',
  signals: [wellKnown.weight, grossWeight],
  find: (facts) => {
    const weightKg = facts.number(wellKnown.weight);
    const limitKg = facts.grossWeightKg ?? facts.number(grossWeight);
    return limitKg > 0 && weightKg > limitKg
      ? { signals: [wellKnown.weight], detail: { weightKg, weightMaxKg: limitKg } }
      : undefined;
  },
};

const distanceToService = n('Service.DistanceToService');
const timeToService = n('Service.TimeToService');
const isServiceDue = n('Service.IsServiceDue');
const serviceDue: WarningRule = {
  code: 'service_due',
  signals: [isServiceDue, distanceToService, timeToService],
  find: (facts) => {
    const due = [distanceToService, timeToService].filter((signal) => facts.number(signal) <= 0);
    if (facts.number(isServiceDue) === 1) due.unshift(isServiceDue);
    return due.length > 0 ? { signals: due, detail: {} } : undefined;
  },
};

const fluidFlags = wheelSignals('Brake.IsFluidLevelLow');
const wornFlags = wheelSignals('Brake.IsBrakesWorn');

/** Every rule, by the bit of its code. */
export const warningRules: readonly WarningRule[] = [
  flagRule('broken_down', wellKnown.isBrokenDown),
  listRule('fault_codes', wellKnown.faultCodes, wellKnown.faultCodeCount),
  listRule('battery_fault_codes', n('Powertrain.TractionBattery.ErrorCodes')),
  flagRule('abs_fault', n('ADAS.ABS.IsError')),
  flagRule('stability_fault', n('ADAS.ESC.IsError')),
  flagRule('traction_fault', n('ADAS.TCS.IsError')),
  wheelRule('brake_fluid_low', fluidFlags, flagOfWheel(fluidFlags)),
  wheelRule('brakes_worn', wornFlags, flagOfWheel(wornFlags)),
  wheelRule('tire_pressure_low', [...pressures, ...lowFlags, ...placards], lowTire),
  lampRule('engine_lamp', 'Lamp.CheckEngine'),
  lampRule('brake_lamp', 'Lamp.Brake'),
  lampRule('battery_lamp', 'Lamp.Battery'),
  lampRule('tire_pressure_lamp', 'Lamp.TirePressure'),
  lampRule('airbag_lamp', 'Lamp.Airbag'),
  lampRule('power_reduced_lamp', 'Lamp.PowerReduced'),
  overweight,
  serviceDue,
].sort((a, b) => warningKinds[a.code].bit - warningKinds[b.code].bit);

export const everyWarning = warningRules.reduce((mask, rule) => mask | (1 << warningKinds[rule.code].bit), 0);

/** Which rules look at a signal, as a mask of their bits. */
export const rulesOfSignal: ReadonlyMap<number, number> = warningRules.reduce((map, rule) => {
  for (const signal of rule.signals) map.set(signal, (map.get(signal) ?? 0) | (1 << warningKinds[rule.code].bit));
  return map;
}, new Map<number, number>());

/** Recomputes the rules in `touched`; answers the mask of active warnings. */
export const updateWarnings = (mask: number, touched: number, facts: WarningFacts): number => {
  let after = mask & ~touched;
  for (let rest = touched & everyWarning; rest !== 0; rest &= rest - 1) {
    const bit = 31 - Math.clz32(rest & -rest);
    if (warningRules[bit]?.find(facts)) after |= 1 << bit;
  }
  return after;
};

/** The active warnings, the worst first. */
export const describeWarnings = (facts: WarningFacts, mayRead: (signalNumber: number) => boolean): VehicleWarning[] => {
  const warnings: VehicleWarning[] = [];
  for (const rule of warningRules) {
    const finding = rule.find(facts);
    if (!finding || !finding.signals.every(mayRead)) continue;
    const { code } = rule;
    const { signals, detail } = finding;
    warnings.push({ code, severity: warningKinds[code].severity, detail, text: warningText(code, detail), signals });
  }
  return warnings.sort((a, b) => warningSeverities.indexOf(b.severity) - warningSeverities.indexOf(a.severity));
};

/** The signals that the rule of a code looks at. They share one consent group. */
export const signalsOfWarning = (code: WarningCode): readonly number[] => warningRules[warningKinds[code].bit]?.signals ?? [];

const masksOfSeverity = warningSeverities.map((severity) =>
  warningRules.reduce(
    (mask, rule) =>
      warningKinds[rule.code].severity === (severity as WarningSeverity) ? mask | (1 << warningKinds[rule.code].bit) : mask,
    0,
  ),
);

/** Index into `warningSeverities` of the worst warning in a mask. */
export const severityOf = (mask: number): number => {
  if (mask & (masksOfSeverity[3] as number)) return 3;
  if (mask & (masksOfSeverity[2] as number)) return 2;
  return mask & (masksOfSeverity[1] as number) ? 1 : 0;
};
