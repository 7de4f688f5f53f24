import type { Map as MapLibreMap } from 'maplibre-gl';
import { type Cluster, clusterByCell, type Clustering, clusterZoomMax } from './cluster.ts';
import type { Box as EarthBox } from './box.ts';
import { drawBox } from './draw-box.ts';
import { type Box, clusterRadius, drawCluster, drawVehicle, drawVehicleName } from './draw-marks.ts';
import { drawTrail } from './draw-trail.ts';
import { FramePace } from './frame-pace.ts';
import type { FleetVehicle } from './fleet-vehicle.ts';
import { xAt, yAt } from './glide.ts';
import { worldSizePx } from './mercator.ts';
import type { OverlayColours } from './overlay-colours.ts';
import type { Trail } from './past/trail.ts';
import { pixelRatio } from './sprites.ts';
import { isSameView, type Sight, sightOf, type View, viewOf } from './view.ts';

/** Names appear when this few vehicles are in sight. */
const namesMax = 60;
const namesZoomMin = 12;
const reachPx = 16;
/** Who holds a moving map still for longer sees vehicles glide on. */
const movingPauseMs = 100;
/** Of what is not chosen, or was not heard of. */
const dimmedAlpha = 0.35;
const unobservedAlpha = 0.5;

export type Hit =
  | { readonly kind: 'vehicle'; readonly vehicle: FleetVehicle }
  | { readonly kind: 'cluster'; readonly cluster: Cluster<FleetVehicle> };

interface Drawn {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly hit: Hit;
  readonly isDimmed: boolean;
}

/** The clock that vehicles glide by. */
export interface OverlayClock {
  nowMs(): number;
  /** It goes on by itself: draw again and again. */
  readonly isRunning: boolean;
}
const presentClock: OverlayClock = { nowMs: () => performance.now(), isRunning: false };

const nothing: Clustering<FleetVehicle> = { clusters: [], singles: [] };
const placed = (vehicles: readonly FleetVehicle[]): FleetVehicle[] => vehicles.filter(({ glide }) => glide !== null);

/**
 * Draws vehicles on a canvas above the map, whatever its style is. What is drawn is bounded by what the screen can hold, because the rest is in clusters.
 */
export class VehicleOverlay {
  readonly #map: MapLibreMap;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #colours: OverlayColours;
  #vehicles: readonly FleetVehicle[] = [];
  #dimmed: readonly FleetVehicle[] = [];
  #clustering = nothing;
  #dimmedClustering = nothing;
  #clusteredZoom = Number.NaN;
  #selectedId = '';
  #selected: FleetVehicle | undefined;
  #hoveredId = '';
  #drawn: Drawn[] = [];
  #clock = presentClock;
  #trail: Trail | undefined;
  #box: EarthBox | undefined;
  #drawnView: View | undefined;
  readonly #pace = new FramePace(() => this.#step());
  /** Until then what is drawn one by one is under way. */
  #glidesUntilMs = 0;

  constructor(map: MapLibreMap, canvas: HTMLCanvasElement, colours: OverlayColours) {
    this.#map = map;
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#colours = colours;
    // In the same frame as the map, so that vehicles stay where they are on it. It also tells of moves that are none.
    const redraw = (): void => {
      if (!this.#drawnView || !isSameView(viewOf(this.#map), this.#drawnView)) this.#draw();
    };
    map.on('move', redraw);
    map.on('resize', redraw);
  }

  setColours(colours: OverlayColours): void {
    this.#colours = colours;
    this.draw();
  }

  /** To be called when the vehicles changed: their positions, or which of them are to be seen. `dimmed` are there, but not meant. */
  setVehicles(vehicles: readonly FleetVehicle[], dimmed: readonly FleetVehicle[]): void {
    this.#vehicles = placed(vehicles);
    this.#dimmed = placed(dimmed);
    this.#clusteredZoom = Number.NaN;
    this.draw();
  }

  setSelected(id: string): void {
    this.#selectedId = id;
    this.#clusteredZoom = Number.NaN;
    this.draw();
  }

  /** Undefined: the present. */
  setClock(clock: OverlayClock | undefined): void {
    this.#clock = clock ?? presentClock;
    this.draw();
  }

  setTrail(trail: Trail | undefined): void {
    this.#trail = trail;
    this.draw();
  }

  /** A part of the earth that is chosen. */
  setBox(box: EarthBox | undefined): void {
    this.#box = box;
    this.draw();
  }

  /** Answers whether something is under the pointer. */
  hover(x: number, y: number): boolean {
    const hit = this.hitAt(x, y);
    const id = hit?.kind === 'vehicle' ? hit.vehicle.id : '';
    if (id !== this.#hoveredId) {
      this.#hoveredId = id;
      this.draw();
    }
    return hit !== undefined;
  }

  /** What was drawn nearest to a point of the map, if near enough. */
  hitAt(x: number, y: number): Hit | undefined {
    let best: Drawn | undefined;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (const drawn of this.#drawn) {
      const distance = Math.hypot(drawn.x - x, drawn.y - y);
      if (drawn.isDimmed || distance > drawn.radius || distance > bestDistance) continue;
      best = drawn;
      bestDistance = distance;
    }
    return best?.hit;
  }

  remove(): void {
    this.#pace.stop();
  }

  /** Draws in the next frame, once however much changed. */
  draw(): void {
    this.#pace.askFrame();
  }

  #isGliding(): boolean {
    return this.#clock.isRunning || (this.#clock === presentClock && performance.now() < this.#glidesUntilMs);
  }

  /** A frame that was asked for, or is due because something glides. While the map moves, its own frames draw. */
  #step(): void {
    if (!this.#map.isMoving() || this.#pace.sinceDrawMs() > movingPauseMs) this.#draw();
    else this.#pace.askFrame();
  }

  #regroup(zoom: number): void {
    const step = Math.min(clusterZoomMax, Math.floor(zoom));
    if (step === this.#clusteredZoom) return;
    this.#clusteredZoom = step;
    // The chosen one is never lost in a crowd.
    this.#selected = this.#vehicles.find(({ id }) => id === this.#selectedId);
    const others = this.#selected ? this.#vehicles.filter((vehicle) => vehicle !== this.#selected) : this.#vehicles;
    this.#clustering = clusterByCell(others, zoom);
    this.#dimmedClustering = this.#dimmed.length === 0 ? nothing : clusterByCell(this.#dimmed, zoom);
  }

  #fitCanvas({ width, height }: View): void {
    const ratio = pixelRatio();
    const [pixelsX, pixelsY] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== pixelsX || this.#canvas.height !== pixelsY) {
      this.#canvas.width = pixelsX;
      this.#canvas.height = pixelsY;
    }
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#context.clearRect(0, 0, width, height);
  }

  #draw(): void {
    this.#pace.began();
    const view = viewOf(this.#map);
    this.#drawnView = view;
    const nowMs = this.#clock.nowMs();
    this.#fitCanvas(view);
    this.#regroup(view.zoom);
    const { project, isNear, isFar } = sightOf(view);
    const drawn: Drawn[] = [];
    let glidesUntilMs = 0;
    const add = ({ clusters, singles }: Clustering<FleetVehicle>, isDimmed: boolean): void => {
      for (const cluster of clusters) {
        const [x, y] = project(cluster.x, cluster.y);
        const radius = clusterRadius(cluster.members.length) + 4;
        if (isNear(x, y)) drawn.push({ x, y, radius, isDimmed, hit: { kind: 'cluster', cluster } });
      }
      for (const vehicle of singles) {
        if (!vehicle.glide || isFar(vehicle.glide)) continue;
        const [x, y] = project(xAt(vehicle.glide, nowMs), yAt(vehicle.glide, nowMs));
        if (!isNear(x, y)) continue;
        glidesUntilMs = Math.max(glidesUntilMs, vehicle.glide.endMs);
        drawn.push({ x, y, radius: reachPx, isDimmed, hit: { kind: 'vehicle', vehicle } });
      }
    };
    add(this.#dimmedClustering, true);
    add(this.#clustering, false);
    if (this.#selected) add({ clusters: [], singles: [this.#selected] }, false);
    this.#drawn = drawn;
    this.#glidesUntilMs = glidesUntilMs;
    if (this.#box) drawBox(this.#context, this.#box, project, worldSizePx(view.zoom), this.#colours);
    this.#drawTrail(nowMs, project);
    this.#paint();
    if (this.#isGliding()) this.#pace.askNext();
  }

  #drawTrail(nowMs: number, project: Sight['project']): void {
    const trail = this.#trail;
    if (!trail || trail.vehicleId !== this.#selectedId) return;
    const isLive = this.#clock === presentClock;
    const glide = isLive ? this.#selected?.glide : undefined;
    const head = glide ? { x: xAt(glide, nowMs), y: yAt(glide, nowMs) } : undefined;
    // Of the present nothing is yet to come.
    drawTrail(this.#context, { trail, head }, isLive ? Number.POSITIVE_INFINITY : nowMs, project, this.#colours);
  }

  #paint(): void {
    const context = this.#context;
    for (const { x, y, hit, isDimmed } of this.#drawn) {
      const isUnobserved = hit.kind === 'vehicle' && hit.vehicle.isUnobserved;
      context.globalAlpha = (isDimmed ? dimmedAlpha : 1) * (isUnobserved ? unobservedAlpha : 1);
      if (hit.kind === 'cluster') drawCluster(context, hit.cluster, x, y, this.#colours);
      else drawVehicle(context, hit.vehicle, x, y, this.#colours, this.#isSelected(hit.vehicle));
    }
    context.globalAlpha = 1;
    this.#paintNames();
  }

  #isSelected(vehicle: FleetVehicle): boolean {
    return vehicle.id === this.#selectedId;
  }

  /** The chosen and the pointed-at first, so that theirs are never the ones left out. */
  #paintNames(): void {
    const vehicles = this.#drawn.flatMap(({ x, y, hit, isDimmed }) =>
      hit.kind === 'vehicle' && !isDimmed ? [{ x, y, vehicle: hit.vehicle }] : [],
    );
    const showsAll = vehicles.length <= namesMax && this.#map.getZoom() >= namesZoomMin;
    const isStrong = (vehicle: FleetVehicle): boolean => this.#isSelected(vehicle) || vehicle.id === this.#hoveredId;
    const named = showsAll ? vehicles : vehicles.filter(({ vehicle }) => isStrong(vehicle));
    const taken: Box[] = [];
    for (const { x, y, vehicle } of named.toSorted((a, b) => Number(isStrong(b.vehicle)) - Number(isStrong(a.vehicle))))
      drawVehicleName(this.#context, vehicle, x, y, this.#colours, isStrong(vehicle), taken);
  }
}
