import { vitalPaths } from './vitals.ts';

/** Charts on a page, and lines in one. */
export const panesMax = 10;
export const panePathsMax = 6;

const isPath = (text: string): boolean => /^[\w.]{1,200}$/.test(text);

/** From the address: charts apart by `;`, signals of one by `,`. Nothing there: undefined; `none`: no chart. */
export const readPanes = (text: string): string[][] | undefined => {
  if (text === '') return undefined;
  if (text === 'none') return [];
  return text
    .split(';')
    .slice(0, panesMax)
    .map((pane) => pane.split(',').filter(isPath).slice(0, panePathsMax))
    .filter((pane) => pane.length > 0);
};

export const writePanes = (panes: readonly (readonly string[])[]): string =>
  panes.length === 0 ? 'none' : panes.map((pane) => pane.join(',')).join(';');

const wheels = ['Row1.Wheel.Left', 'Row1.Wheel.Right', 'Row2.Wheel.Left', 'Row2.Wheel.Right'];
const usual: readonly (readonly string[])[] = [
  [vitalPaths.speed],
  [vitalPaths.energy],
  wheels.map((wheel) => `Vehicle.Chassis.Axle.${wheel}.Tire.Pressure`),
  [vitalPaths.isCharging],
];

/** What is shown before anybody chose: speed, energy, tires and charging, as far as the vehicle reports them. */
export const defaultPanes = (reported: ReadonlySet<string>): string[][] => {
  const panes = usual.map((pane) => pane.filter((path) => reported.has(path))).filter((pane) => pane.length > 0);
  return panes.length > 0 ? panes : [[vitalPaths.speed]];
};
