import type { OverlayColours } from './overlay-colours.ts';
import type { Point, Trail } from './past/trail.ts';

type Project = (x: number, y: number) => [number, number];

export interface Way {
  readonly trail: Trail;
  /** Where the vehicle is drawn, on its way to the newest point. */
  readonly head?: Point | undefined;
}

const strokePart = (context: CanvasRenderingContext2D, way: Way, project: Project, from: number, to: number): void => {
  const { trail, head } = way;
  context.beginPath();
  for (let i = from; i < to; i++) {
    const isHead = head !== undefined && i === trail.times.length - 1;
    const [x, y] = isHead ? project(head.x, head.y) : project(trail.xs[i] as number, trail.ys[i] as number);
    if (i === from) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.stroke();
};

/** The way a vehicle had come by a moment as a line, the way it went then as a dotted one. Where nothing was heard there is none. */
export const drawTrail = (
  context: CanvasRenderingContext2D,
  way: Way,
  atMs: number,
  project: Project,
  colours: OverlayColours,
): void => {
  const { trail } = way;
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
    strokePart(context, way, project, start, split);
    context.lineWidth = 3;
    context.strokeStyle = colours.brand;
    strokePart(context, way, project, start, split);
    if (split === end) continue;
    context.setLineDash([1, 6]);
    strokePart(context, way, project, Math.max(start, split - 1), end);
  }
  context.restore();
};
