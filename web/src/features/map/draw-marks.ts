import { type Mark, markPaths } from '../../components/status-shapes.ts';
import { useFormats } from '../../components/use-formats.ts';
import type { Cluster } from './cluster.ts';
import { type FleetVehicle, hasWarning, isMoving, vehicleName } from './fleet-vehicle.ts';
import type { OverlayColours } from './overlay-colours.ts';

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

const drawShape = (
  context: CanvasRenderingContext2D,
  path: string,
  x: number,
  y: number,
  sizePx: number,
  fill: string,
  halo: string,
  turnedDegrees = 0,
): void => {
  const scale = sizePx / 16;
  context.save();
  context.translate(x, y);
  if (turnedDegrees) context.rotate((turnedDegrees * Math.PI) / 180);
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
  context.font = nameFont(colours, isStrong);
  const half = context.measureText(text).width / 2 + 2;
  const top = y + (isStrong ? 22 : 13);
  const box = { left: x - half, top, right: x + half, bottom: top + nameHeightPx };
  const isCovered = taken.some(
    (other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top,
  );
  if (isCovered && !isStrong) return;
  taken.push(box);
  drawName(context, text, x, top, colours);
};

const drawName = (context: CanvasRenderingContext2D, text: string, x: number, y: number, colours: OverlayColours): void => {
  context.textAlign = 'center';
  context.textBaseline = 'top';
  context.lineJoin = 'round';
  context.lineWidth = 3.5;
  context.strokeStyle = colours.surface;
  context.strokeText(text, x, y);
  context.fillStyle = colours.ink;
  context.fillText(text, x, y);
};

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
  if (isSelected) {
    context.beginPath();
    context.arc(x, y, 19, 0, 2 * Math.PI);
    context.fillStyle = `color-mix(in srgb, ${colours.brand} 22%, transparent)`;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = colours.brand;
    context.stroke();
  }
  const turned = drives ? (vehicle.headingDegrees ?? 0) : 0;
  drawShape(
    context,
    drives ? arrowPath : markPaths[vehicle.status],
    x,
    y,
    size,
    colours.marks[vehicle.status],
    colours.surface,
    turned,
  );
  if (hasWarning(vehicle)) drawShape(context, markPaths.warning, x + 9, y - 9, 11, colours.marks.warning, colours.surface);
};

const ringOrder = ['online', 'late', 'offline', 'never_seen'] as const;

/** Side of a cluster's disc grows with the number of its vehicles, slowly. */
export const clusterRadius = (count: number): number => 13 + 4 * Math.log10(count);

/** How many of a cluster are in which state, counted once for all the times it is drawn. */
export interface ClusterSummary {
  readonly total: number;
  readonly shares: readonly { readonly mark: Mark; readonly share: number }[];
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
  const shares = ringOrder.map((mark) => ({ mark, share: counts[mark] / total })).filter(({ share }) => share > 0);
  const made = { total, shares, hasWarning: warns };
  summaries.set(cluster, made);
  return made;
};

/** Many vehicles: their number, and a ring that says how many of them are in which state. */
export const drawCluster = (
  context: CanvasRenderingContext2D,
  cluster: Cluster<FleetVehicle>,
  x: number,
  y: number,
  colours: OverlayColours,
): void => {
  const { total, shares, hasWarning: warns } = summaryOf(cluster);
  const radius = clusterRadius(total);
  context.beginPath();
  context.arc(x, y, radius + 2.5, 0, 2 * Math.PI);
  context.fillStyle = colours.surface;
  context.fill();
  let angle = -Math.PI / 2;
  for (const { mark, share } of shares) {
    context.beginPath();
    context.arc(x, y, radius, angle, angle + share * 2 * Math.PI);
    context.lineWidth = 3;
    context.strokeStyle = colours.marks[mark];
    context.stroke();
    angle += share * 2 * Math.PI;
  }
  context.font = `600 ${total < 1000 ? 14 : 13}px ${colours.font}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = colours.ink;
  context.fillText(formats.value.compact(total), x, y + 0.5);
  if (warns) {
    drawShape(context, markPaths.warning, x + radius * 0.75, y - radius * 0.75, 11, colours.marks.warning, colours.surface);
  }
};
