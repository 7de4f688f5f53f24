import type { Map as MapLibreMap } from 'maplibre-gl';
import { drawVehicle } from '../map/draw-marks.ts';
import type { FleetVehicle } from '../map/fleet-vehicle.ts';
import { latitudeOf, longitudeOf } from '../map/mercator.ts';
import type { OverlayColours } from '../map/overlay-colours.ts';
import { pixelRatio } from '../map/sprites.ts';
import type { Place, TrackPoint } from './track.ts';

export interface TrackColours extends OverlayColours {
  readonly track: string;
  readonly quiet: string;
}

export interface TrackMark {
  readonly latitude: number;
  readonly longitude: number;
  readonly kind: 'start' | 'end' | 'event';
}

export interface TrackScene {
  /** Each is a line; between them nothing was observed, and nothing is drawn but the ring at each end. */
  readonly pieces: readonly (readonly TrackPoint[])[];
  readonly marks: readonly TrackMark[];
  /** Where the shared time cursor stands. */
  readonly cursor: Place | undefined;
  /** The vehicle as it is now. */
  readonly vehicle: FleetVehicle | undefined;
}

export const noScene: TrackScene = { pieces: [], marks: [], cursor: undefined, vehicle: undefined };

/** Draws where a vehicle went above a map, whatever its style is. */
export class TrackOverlay {
  readonly #map: MapLibreMap;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #colours: TrackColours;
  #scene = noScene;

  constructor(map: MapLibreMap, canvas: HTMLCanvasElement, colours: TrackColours) {
    this.#map = map;
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#colours = colours;
    map.on('move', () => this.draw());
    map.on('resize', () => this.draw());
  }

  setColours(colours: TrackColours): void {
    this.#colours = colours;
    this.draw();
  }

  show(scene: TrackScene): void {
    this.#scene = scene;
    this.draw();
  }

  draw(): void {
    this.#clear();
    const { pieces, marks, cursor, vehicle } = this.#scene;
    for (const piece of pieces) this.#line(piece, this.#colours.surface, 6);
    for (const piece of pieces) this.#line(piece, this.#colours.track, 3);
    for (const [index, piece] of pieces.entries()) this.#ends(piece, index > 0, index < pieces.length - 1);
    for (const mark of marks) this.#mark(mark);
    if (vehicle?.glide) {
      const [x, y] = this.#place({ longitude: longitudeOf(vehicle.x), latitude: latitudeOf(vehicle.y) });
      drawVehicle(this.#context, vehicle, x, y, this.#colours, false);
    }
    if (cursor) this.#cursor(cursor);
  }

  #clear(): void {
    const { clientWidth: width, clientHeight: height } = this.#map.getContainer();
    const ratio = pixelRatio();
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  #place({ longitude, latitude }: { longitude: number; latitude: number }): [number, number] {
    const { x, y } = this.#map.project([longitude, latitude]);
    return [x, y];
  }

  #line(piece: readonly TrackPoint[], colour: string, width: number): void {
    const context = this.#context;
    context.beginPath();
    for (const [index, point] of piece.entries()) {
      const [x, y] = this.#place(point);
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    // A place that was seen once is a dot.
    if (piece.length === 1 && piece[0]) context.lineTo(this.#place(piece[0])[0] + 0.01, this.#place(piece[0])[1]);
    context.lineWidth = width;
    context.lineJoin = 'round';
    context.lineCap = 'round';
    context.strokeStyle = colour;
    context.stroke();
  }

  /** Rings where it fell out of sight, and where it was seen again. */
  #ends(piece: readonly TrackPoint[], hasBefore: boolean, hasAfter: boolean): void {
    const [first, last] = [piece[0], piece.at(-1)];
    if (hasBefore && first) this.#ring(this.#place(first), 4, this.#colours.quiet);
    if (hasAfter && last) this.#ring(this.#place(last), 4, this.#colours.quiet);
  }

  #ring([x, y]: [number, number], radius: number, colour: string): void {
    const context = this.#context;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = this.#colours.surface;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.stroke();
  }

  #mark({ kind, ...place }: TrackMark): void {
    const [x, y] = this.#place(place);
    const context = this.#context;
    if (kind === 'start') return this.#ring([x, y], 6, this.#colours.track);
    context.beginPath();
    if (kind === 'end') context.rect(x - 6, y - 6, 12, 12);
    else {
      context.moveTo(x, y - 7);
      context.lineTo(x + 7, y + 6);
      context.lineTo(x - 7, y + 6);
      context.closePath();
    }
    context.fillStyle = kind === 'end' ? this.#colours.track : this.#colours.marks.late;
    context.fill();
    context.lineWidth = 2;
    context.strokeStyle = this.#colours.surface;
    context.stroke();
  }

  #cursor(place: Place): void {
    const [x, y] = this.#place(place);
    const context = this.#context;
    context.beginPath();
    context.arc(x, y, 13, 0, 2 * Math.PI);
    context.fillStyle = `color-mix(in srgb, ${this.#colours.brand} 25%, transparent)`;
    context.fill();
    context.save();
    context.translate(x, y);
    context.beginPath();
    if (place.headingDegrees === null) context.arc(0, 0, 6, 0, 2 * Math.PI);
    else {
      context.rotate(((place.headingDegrees - this.#map.getBearing()) * Math.PI) / 180);
      context.moveTo(0, -9);
      context.lineTo(6.5, 8);
      context.lineTo(0, 4.5);
      context.lineTo(-6.5, 8);
      context.closePath();
    }
    context.lineJoin = 'round';
    context.lineWidth = 4;
    context.strokeStyle = this.#colours.surface;
    context.stroke();
    context.fillStyle = this.#colours.brand;
    context.fill();
    context.restore();
  }
}
