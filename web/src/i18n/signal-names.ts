/** Names of signals in a language, by path. English is the server's own. */
export type SignalNames = Readonly<Record<string, string>>;

/** Front left, front right, rear left, rear right: the order of the vocabulary. */
type WheelWords = readonly [string, string, string, string];

const wheelPaths = ['Row1.Wheel.Left', 'Row1.Wheel.Right', 'Row2.Wheel.Left', 'Row2.Wheel.Right'];

/** The names of what each wheel reports: by what lies below the wheel's path, from what a wheel is called. */
export const perWheel = (words: WheelWords, names: Readonly<Record<string, (wheel: string) => string>>): SignalNames =>
  Object.fromEntries(
    Object.entries(names).flatMap(([below, nameOf]) =>
      wheelPaths.map((wheel, i) => [`Vehicle.Chassis.Axle.${wheel}.${below}`, nameOf(words[i] as string)]),
    ),
  );

/** Names by path without the `Vehicle.` that all have. */
export const ofVehicle = (names: SignalNames): SignalNames =>
  Object.fromEntries(Object.entries(names).map(([path, name]) => [`Vehicle.${path}`, name]));
