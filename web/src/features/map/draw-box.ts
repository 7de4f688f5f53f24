import type { Box } from './box.ts';
import { mercatorX, mercatorY } from './mercator.ts';
import type { OverlayColours } from './overlay-colours.ts';

type Project = (x: number, y: number) => [number, number];

/** What was chosen as a part of the earth, wherever the map is by now. */
export const drawBox = (
  context: CanvasRenderingContext2D,
  [west, south, east, north]: Box,
  project: Project,
  worldPx: number,
  colours: OverlayColours,
): void => {
  // By its middle: the copy of the world that is in sight.
  const spanX = west <= east ? (east - west) / 360 : (east - west + 360) / 360;
  const [middle, top] = project(mercatorX(west) + spanX / 2, mercatorY(north));
  const [, bottom] = project(0, mercatorY(south));
  const width = spanX * worldPx;
  context.save();
  context.fillStyle = `color-mix(in srgb, ${colours.brand} 8%, transparent)`;
  context.strokeStyle = colours.brand;
  context.lineWidth = 1.5;
  context.setLineDash([6, 4]);
  context.fillRect(middle - width / 2, top, width, bottom - top);
  context.strokeRect(middle - width / 2, top, width, bottom - top);
  context.restore();
};
