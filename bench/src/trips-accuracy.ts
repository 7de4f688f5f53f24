/**
 * How well driving and stops are found in labelled trajectories: the detector of `deriveDay` beside speed thresholds tuned on the same half.
 * `node bench/src/trips-accuracy.ts` prints one JSON object a line. docs/trips.md has the table, a test holds it to what is computed.
 */
import { type Accuracies, measureDetector } from '../../server/src/trips/testing/detector-accuracy.ts';

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

const print = (what: string, { driving, stop }: Accuracies, more: object = {}): void => {
  const figures = Object.entries({ driving, stop }).flatMap(([name, accuracy]) =>
    Object.entries(accuracy).map(([figure, value]) => [
      `${name}${figure.charAt(0).toUpperCase()}${figure.slice(1)}`,
      rounded(value as number),
    ]),
  );
  console.log(JSON.stringify({ what, ...Object.fromEntries(figures), ...more }));
};

const { trajectories, fixes, detector, sparse, tunedThreshold, bestThreshold, plainThreshold } = measureDetector();
print('the detector', detector, { trajectories, fixes });
for (const { nth, ...accuracies } of sparse) print(`the detector, one fix of ${nth}`, accuracies);
for (const [what, { variant, kmh, ...accuracies }] of Object.entries({
  'threshold, best on the half it was tuned on': tunedThreshold,
  'threshold, the one that is best on the other half': bestThreshold,
  'threshold on the plain speed': plainThreshold,
}))
  print(`${what}: ${variant}, ${kmh} km/h`, accuracies);
