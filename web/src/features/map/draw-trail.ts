import type { OverlayColours } from './overlay-colours.ts';
import type { Trail } from './past/trail.ts';

type Project = (x: number, y: number) => [number, number];

const strokePart = (context: CanvasRenderingContext2D, trail: Trail, project: Project, from: number, to: number): void => {
  context.beginPath();
  for (let i = from; i < to; i++) {
    const [x, y] = project(trail.xs[i] as number, trail.ys[i] as number);
    if (i === from) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.stroke();
};

/** The way a vehicle had come by a moment as a line, the way it went then as a dotted one. Where nothing was heard there is none. */
export const drawTrail = (
  context: CanvasRenderingContext2D,
  trail: Trail,
  atMs: number,
  project: Project,
  colours: OverlayColours,
): void => {
  context.save();
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const [piece, start] of trail.pieces.entries()) {
    const end = trail.pieces[piece + 1] ?? trail.times.length;
    const later = trail.times.findIndex((time, i) => i >= start && i < end && time > atMs);
    const split = later < 0 ? end : later;
    context.setLineDash([]);
    context.lineWidth = 6;
    context.strokeStyle = colours.surface;
    strokePart(context, trail, project, start, split);
    context.lineWidth = 3;
    context.strokeStyle = colours.brand;
    strokePart(context, trail, project, start, split);
    if (split === end) continue;
    context.setLineDash([1, 6]);
    strokePart(context, trail, project, Math.max(start, split - 1), end);
  }
  context.restore();
};
