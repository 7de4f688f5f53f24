import { connectionStatuses } from '@milepost/contract';
import { type Mark, markPaths } from '../../components/status-shapes.ts';
import { useFormats } from '../../components/use-formats.ts';
import type { Cluster } from './cluster.ts';
import { type FleetVehicle, hasWarning, isMoving, vehicleName } from './fleet-vehicle.ts';
import type { OverlayColours } from './overlay-colours.ts';
import { drawSprite, forgetSprites, type PaintContext } from './sprites.ts';

const formats = useFormats();
const shapes = new Map<string, Path2D>();
const shape = (path: string): Path2D => {
  const known = shapes.get(path);
  if (known) return known;
  const made = new Path2D(path);
  shapes.set(path, made);
  return made;
};

/** An arrow on a grid of 16 that points up, for who drives. */
const arrowPath = 'M8 .8 14 14.2 8 11.2 2 14.2z';

/** So finely arrows turn. */
const turnSteps = 120;
const turnedBy = (degrees: number): number => Math.round((degrees / 360) * turnSteps) % turnSteps;

const paintShape = (context: PaintContext, path: string, sizePx: number, fill: string, halo: string, turn = 0): void => {
  const scale = sizePx / 16;
  context.save();
  if (turn) context.rotate((turn / turnSteps) * 2 * Math.PI);
  context.scale(scale, scale);
  context.translate(-8, -8);
  context.lineJoin = 'round';
  context.lineWidth = 3.5 / scale;
  context.strokeStyle = halo;
  context.stroke(shape(path));
  context.fillStyle = fill;
  context.fill(shape(path), 'evenodd');
  context.restore();
};

/** A box on the screen that a name takes. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
const nameHeightPx = 16;

/** Widths of names, by text and font: measuring sixty of them again for each picture takes longer than drawing them. */
const widths = new Map<string, number>();
const widthsMax = 2000;
const widthOf = (context: CanvasRenderingContext2D, text: string, font: string): number => {
  const key = `${text}|${font}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  context.font = font;
  const { width } = context.measureText(text);
  if (widths.size >= widthsMax) widths.clear();
  widths.set(key, width);
  return width;
};

/** To be called when the fonts came: what was drawn and measured without them is not right any more. */
export const forgetMarks = (): void => {
  widths.clear();
  forgetSprites();
};

const nameFont = (colours: OverlayColours, isStrong: boolean): string => `${isStrong ? 600 : 500} 13px ${colours.font}`;

/** Writes a vehicle's name under its mark unless that would cover another name. */
export const drawVehicleName = (
  context: CanvasRenderingContext2D,
  vehicle: FleetVehicle,
  x: number,
  y: number,
  colours: OverlayColours,
  isStrong: boolean,
  taken: Box[],
): void => {
  const text = vehicleName(vehicle.item);
  const half = widthOf(context, text, nameFont(colours, isStrong)) / 2 + 2;
  const top = y + (isStrong ? 22 : 13);
  const box = { left: x - half, top, right: x + half, bottom: top + nameHeightPx };
  const isCovered = taken.some(
    (other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top,
  );
  if (isCovered && !isStrong) return;
  taken.push(box);
  drawName(context, { text, half, isStrong }, x, top, colours);
};

interface Name {
  readonly text: string;
  /** Half its width, px. */
  readonly half: number;
  readonly isStrong: boolean;
}
const haloPx = 3.5;

const drawName = (
  context: CanvasRenderingContext2D,
  { text, half, isStrong }: Name,
  x: number,
  top: number,
  colours: OverlayColours,
): void => {
  const font = nameFont(colours, isStrong);
  const reach = { x: half + haloPx, y: nameHeightPx / 2 + haloPx };
  const { surface, ink } = colours;
  drawSprite(context, colours, `name ${font} ${text}`, reach, x, top + nameHeightPx / 2, (on) => {
    on.font = font;
    on.textAlign = 'center';
    on.textBaseline = 'top';
    on.lineJoin = 'round';
    on.lineWidth = haloPx;
    on.strokeStyle = surface;
    on.strokeText(text, 0, -nameHeightPx / 2);
    on.fillStyle = ink;
    on.fillText(text, 0, -nameHeightPx / 2);
  });
};

/** Half of the largest picture of a vehicle: the ring of the chosen one, or its warning. */
const vehicleReach = { x: 22, y: 22 };

/** One vehicle: its connection by shape and colour, an arrow when it drives, a red triangle when something is wrong with it. */
export const drawVehicle = (
  context: CanvasRenderingContext2D,
  vehicle: FleetVehicle,
  x: number,
  y: number,
  colours: OverlayColours,
  isSelected: boolean,
): void => {
  const drives = isMoving(vehicle) && vehicle.headingDegrees !== null;
  const size = (drives ? 20 : 14) + (isSelected ? 4 : 0);
  const turn = drives ? turnedBy(vehicle.headingDegrees ?? 0) : 0;
  const warns = hasWarning(vehicle);
  const { surface, brand, marks } = colours;
  const fill = marks[vehicle.status];
  const look = (Number(isSelected) * 2 + Number(warns)) * (turnSteps + 1) + (drives ? turn + 1 : 0);
  const key = look * connectionStatuses.length + connectionStatuses.indexOf(vehicle.status);
  drawSprite(context, colours, key, vehicleReach, x, y, (on) => {
    if (isSelected) paintChoice(on, brand);
    paintShape(on, drives ? arrowPath : markPaths[vehicle.status], size, fill, surface, turn);
    if (!warns) return;
    on.translate(9, -9);
    paintShape(on, markPaths.warning, 11, marks.warning, surface);
  });
};

const paintChoice = (context: PaintContext, brand: string): void => {
  context.beginPath();
  context.arc(0, 0, 19, 0, 2 * Math.PI);
  context.fillStyle = `color-mix(in srgb, ${brand} 22%, transparent)`;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = brand;
  context.stroke();
};

const ringOrder = ['online', 'late', 'offline', 'never_seen'] as const;

/** Side of a cluster's disc grows with the number of its vehicles, slowly. */
export const clusterRadius = (count: number): number => 13 + 4 * Math.log10(count);

/** So finely a ring says it: what looks the same is one picture. */
const ringSteps = 48;

/** How many of a cluster are in which state, counted once for all the times it is drawn. */
export interface ClusterSummary {
  readonly total: number;
  /** Of the ring, in `ringSteps`; who is there has one at least. */
  readonly shares: readonly { readonly mark: Mark; readonly steps: number }[];
  readonly hasWarning: boolean;
}

const summaries = new WeakMap<Cluster<FleetVehicle>, ClusterSummary>();
const summaryOf = (cluster: Cluster<FleetVehicle>): ClusterSummary => {
  const known = summaries.get(cluster);
  if (known) return known;
  const total = cluster.members.length;
  const counts = { online: 0, late: 0, offline: 0, never_seen: 0 };
  let warns = false;
  for (const member of cluster.members) {
    counts[member.status]++;
    warns ||= hasWarning(member);
  }
  const shares = ringOrder
    .filter((mark) => counts[mark] > 0)
    .map((mark) => ({ mark, steps: Math.max(1, Math.round((counts[mark] / total) * ringSteps)) }));
  const made = { total, shares, hasWarning: warns };
  summaries.set(cluster, made);
  return made;
};

const countReach = { x: 36, y: 9 };
const warningReach = { x: 9, y: 9 };

/**
 * Many vehicles: their number, and a ring that says how many of them are in which state. Three pictures, because there are few of each: of a fleet that moves
 * hardly two clusters have the same of all three.
 */
export const drawCluster = (
  context: CanvasRenderingContext2D,
  cluster: Cluster<FleetVehicle>,
  x: number,
  y: number,
  colours: OverlayColours,
): void => {
  const { total, shares, hasWarning: warns } = summaryOf(cluster);
  const radius = Math.round(clusterRadius(total) * 2) / 2;
  const { surface, ink, marks, font } = colours;
  const ring = shares.map(({ mark, steps }) => `${mark} ${steps}`).join();
  drawSprite(context, colours, `ring ${radius} ${ring}`, { x: radius + 6, y: radius + 6 }, x, y, (on) =>
    paintRing(on, radius, shares, colours),
  );
  const text = formats.value.compact(total);
  const fontPx = total < 1000 ? 14 : 13;
  drawSprite(context, colours, `count ${fontPx} ${text}`, countReach, x, y, (on) => {
    on.font = `600 ${fontPx}px ${font}`;
    on.textAlign = 'center';
    on.textBaseline = 'middle';
    on.fillStyle = ink;
    on.fillText(text, 0, 0.5);
  });
  if (!warns) return;
  drawSprite(context, colours, 'warning', warningReach, x + radius * 0.75, y - radius * 0.75, (on) =>
    paintShape(on, markPaths.warning, 11, marks.warning, surface),
  );
};

const paintRing = (
  context: PaintContext,
  radius: number,
  shares: ClusterSummary['shares'],
  { surface, marks }: OverlayColours,
): void => {
  context.beginPath();
  context.arc(0, 0, radius + 2.5, 0, 2 * Math.PI);
  context.fillStyle = surface;
  context.fill();
  const all = shares.reduce((sum, { steps }) => sum + steps, 0);
  let angle = -Math.PI / 2;
  for (const { mark, steps } of shares) {
    const end = angle + (steps / all) * 2 * Math.PI;
    context.beginPath();
    context.arc(0, 0, radius, angle, end);
    context.lineWidth = 3;
    context.strokeStyle = marks[mark];
    context.stroke();
    angle = end;
  }
};
