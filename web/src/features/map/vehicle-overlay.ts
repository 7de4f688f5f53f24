import type { Map as MapLibreMap } from 'maplibre-gl';
import { type Cluster, clusterByCell, type Clustering, clusterZoomMax } from './cluster.ts';
import { type Box, clusterRadius, drawCluster, drawVehicle, drawVehicleName } from './draw-marks.ts';
import type { FleetVehicle } from './fleet-vehicle.ts';
import { glideMs, xAt, yAt } from './glide.ts';
import { worldSizePx } from './mercator.ts';
import type { OverlayColours } from './overlay-colours.ts';

/** While vehicles glide, the overlay is drawn again this often: calm on a battery, and smooth at driving speed. */
const frameMs = 1000 / 30;
/** Names appear when this few vehicles are in sight. */
const namesMax = 60;
const namesZoomMin = 12;
const reachPx = 16;

export type Hit =
  | { readonly kind: 'vehicle'; readonly vehicle: FleetVehicle }
  | { readonly kind: 'cluster'; readonly cluster: Cluster<FleetVehicle> };

interface Drawn {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly hit: Hit;
}

/**
 * Draws vehicles on a canvas above the map, whatever its style is. The map neither tilts nor becomes a globe, so a position on the
 * screen is two multiplications in double precision; what is drawn is bounded by what the screen can hold, because the rest is in clusters.
 */
export class VehicleOverlay {
  readonly #map: MapLibreMap;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #colours: OverlayColours;
  #vehicles: readonly FleetVehicle[] = [];
  #clustering: Clustering<FleetVehicle> = { clusters: [], singles: [] };
  #clusteredZoom = Number.NaN;
  #selectedId = '';
  #hoveredId = '';
  #drawn: Drawn[] = [];
  #glidesUntilMs = 0;
  #nextFrame: number | undefined;
  #lastDrawMs = 0;

  constructor(map: MapLibreMap, canvas: HTMLCanvasElement, colours: OverlayColours) {
    this.#map = map;
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#colours = colours;
    map.on('move', () => this.draw());
    map.on('resize', () => this.draw());
  }

  setColours(colours: OverlayColours): void {
    this.#colours = colours;
    this.draw();
  }

  /** To be called when the vehicles changed: their positions, or which of them are to be seen. */
  setVehicles(vehicles: readonly FleetVehicle[]): void {
    this.#vehicles = vehicles.filter(({ glide }) => glide !== null);
    this.#clusteredZoom = Number.NaN;
    const nowMs = performance.now();
    if (this.#vehicles.some(({ glide }) => glide !== null && nowMs - glide.startMs < glideMs))
      this.#glidesUntilMs = nowMs + glideMs;
    this.#glideOn();
  }

  setSelected(id: string): void {
    this.#selectedId = id;
    this.#clusteredZoom = Number.NaN;
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
      if (distance > drawn.radius || distance > bestDistance) continue;
      best = drawn;
      bestDistance = distance;
    }
    return best?.hit;
  }

  remove(): void {
    if (this.#nextFrame !== undefined) cancelAnimationFrame(this.#nextFrame);
    this.#glidesUntilMs = 0;
  }

  #glideOn(): void {
    this.draw();
    if (this.#nextFrame !== undefined) return;
    const step = (nowMs: number): void => {
      this.#nextFrame = nowMs < this.#glidesUntilMs ? requestAnimationFrame(step) : undefined;
      if (this.#nextFrame === undefined || nowMs - this.#lastDrawMs >= frameMs - 2) this.draw();
    };
    this.#nextFrame = requestAnimationFrame(step);
  }

  #regroup(zoom: number): void {
    const step = Math.min(clusterZoomMax, Math.floor(zoom));
    if (step === this.#clusteredZoom) return;
    this.#clusteredZoom = step;
    // The chosen one is never lost in a crowd.
    const others = this.#vehicles.filter(({ id }) => id !== this.#selectedId);
    this.#clustering = clusterByCell(others, zoom);
  }

  #fitCanvas(width: number, height: number): void {
    const ratio = Math.min(2, devicePixelRatio);
    const [pixelsX, pixelsY] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== pixelsX || this.#canvas.height !== pixelsY) {
      this.#canvas.width = pixelsX;
      this.#canvas.height = pixelsY;
    }
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#context.clearRect(0, 0, width, height);
  }

  /** Makes the function from Mercator units to CSS pixels of the window, for the map's present view. */
  #projection(width: number, height: number): (x: number, y: number) => [number, number] {
    const { lng, lat } = this.#map.getCenter();
    const size = worldSizePx(this.#map.getZoom());
    const centreX = (lng + 180) / 360;
    const centreY = (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2;
    const bearing = (-this.#map.getBearing() * Math.PI) / 180;
    const [cos, sin] = [Math.cos(bearing), Math.sin(bearing)];
    return (x, y) => {
      // The world repeats: the copy nearest to the middle is the one in sight.
      const turns = x - centreX;
      const dx = (turns - Math.round(turns)) * size;
      const dy = (y - centreY) * size;
      return [width / 2 + dx * cos - dy * sin, height / 2 + dx * sin + dy * cos];
    };
  }

  draw(): void {
    const nowMs = performance.now();
    this.#lastDrawMs = nowMs;
    const { clientWidth: width, clientHeight: height } = this.#map.getContainer();
    this.#fitCanvas(width, height);
    this.#regroup(this.#map.getZoom());
    this.#drawn = [];
    const project = this.#projection(width, height);
    const isInSight = (x: number, y: number): boolean => x > -40 && y > -40 && x < width + 40 && y < height + 40;
    for (const cluster of this.#clustering.clusters) {
      const [x, y] = project(cluster.x, cluster.y);
      if (isInSight(x, y))
        this.#drawn.push({ x, y, radius: clusterRadius(cluster.members.length) + 4, hit: { kind: 'cluster', cluster } });
    }
    const selected = this.#vehicles.find(({ id }) => id === this.#selectedId);
    for (const vehicle of selected ? [...this.#clustering.singles, selected] : this.#clustering.singles) {
      if (!vehicle.glide) continue;
      const [x, y] = project(xAt(vehicle.glide, nowMs), yAt(vehicle.glide, nowMs));
      if (isInSight(x, y)) this.#drawn.push({ x, y, radius: reachPx, hit: { kind: 'vehicle', vehicle } });
    }
    this.#paint();
  }

  #paint(): void {
    const bearingDegrees = this.#map.getBearing();
    for (const { x, y, hit } of this.#drawn) {
      if (hit.kind === 'cluster') drawCluster(this.#context, hit.cluster, x, y, this.#colours);
      else
        drawVehicle(this.#context, hit.vehicle, x, y, this.#colours, {
          isSelected: this.#isSelected(hit.vehicle),
          bearingDegrees,
        });
    }
    this.#paintNames();
  }

  #isSelected(vehicle: FleetVehicle): boolean {
    return vehicle.id === this.#selectedId;
  }

  /** The chosen and the pointed-at first, so that theirs are never the ones left out. */
  #paintNames(): void {
    const vehicles = this.#drawn.flatMap(({ x, y, hit }) => (hit.kind === 'vehicle' ? [{ x, y, vehicle: hit.vehicle }] : []));
    const showsAll = vehicles.length <= namesMax && this.#map.getZoom() >= namesZoomMin;
    const isStrong = (vehicle: FleetVehicle): boolean => this.#isSelected(vehicle) || vehicle.id === this.#hoveredId;
    const taken: Box[] = [];
    for (const { x, y, vehicle } of vehicles.toSorted((a, b) => Number(isStrong(b.vehicle)) - Number(isStrong(a.vehicle)))) {
      if (showsAll || isStrong(vehicle)) drawVehicleName(this.#context, vehicle, x, y, this.#colours, isStrong(vehicle), taken);
    }
  }
}
