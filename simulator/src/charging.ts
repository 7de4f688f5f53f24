/** How a vehicle charges. Modelled: constant power, less near full, as chargers and batteries have it. */
export interface Charger {
  readonly kw: number;
  /** From this level on the power falls, percent … */
  readonly tapersFromPercent: number;
  /** … to this part of it at the limit. */
  readonly endPart: number;
  readonly limitPercent: number;
}

export const alternating = (kw: number): Charger => ({ kw, tapersFromPercent: 92, endPart: 0.35, limitPercent: 100 });
/** A fast charger is left at 80 %. */
export const fast = (kw: number): Charger => ({ kw, tapersFromPercent: 55, endPart: 0.55, limitPercent: 80 });

/** Power into the battery at a level, kW. */
export const powerAt = ({ kw, tapersFromPercent, endPart, limitPercent }: Charger, percent: number): number => {
  if (percent <= tapersFromPercent) return kw;
  const part = Math.min(1, (percent - tapersFromPercent) / (limitPercent - tapersFromPercent));
  return kw * (1 - (1 - endPart) * part);
};

const stepSeconds = 30;

/** Levels of a charge, one each 30 s, the first one at its start and the last one at its end. */
export const chargeLevels = (charger: Charger, fromPercent: number, packKwh: number, seconds: number): Float64Array => {
  const levels = [fromPercent];
  for (let second = 0; second < seconds; second += stepSeconds) {
    const level = levels.at(-1) as number;
    if (level >= charger.limitPercent) break;
    const kwh = (powerAt(charger, level) * stepSeconds) / 3600;
    levels.push(Math.min(charger.limitPercent, level + (kwh / packKwh) * 100));
  }
  return Float64Array.from(levels);
};

export const chargeSeconds = (levels: Float64Array): number => (levels.length - 1) * stepSeconds;

/** Level so many seconds after the start. */
export const levelAfter = (levels: Float64Array, seconds: number): number => {
  const at = Math.min(levels.length - 1, Math.max(0, seconds / stepSeconds));
  const [low, high] = [levels[Math.floor(at)] as number, levels[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
};
