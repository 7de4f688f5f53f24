import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Formats } from '../../components/formats.ts';
import { alignLines, type ChartLine, type Column, columnsPerLine, lonePoints } from './aligned.ts';
import type { Gap } from './history-series.ts';
import { tickNames } from './ticks.ts';
import type { Period } from './time-range.ts';

export interface PaneView {
  readonly lines: readonly ChartLine[];
  /** Where nothing at all was observed: hatched. */
  readonly gaps: readonly Gap[];
  readonly period: Period;
  readonly hasTimeAxis: boolean;
  /** Text of a value at the axis. */
  readonly axisText: (value: number, digits: number) => string;
  readonly formats: Formats;
  /** Grows with the theme: colours are read anew. */
  readonly themeRevision: number;
}

export interface PaneEvents {
  readonly cursor: (timeMs: number | undefined) => void;
  readonly zoom: (period: Period) => void;
  readonly back: () => void;
}

/** Under this many CSS pixels a drag is a click. */
const dragPxMin = 6;
const axisWidthPx = 48;
const hatchPx = 8;
/** Between two times at the axis at least, so that names of days have room. */
const namePx = 80;
/** Room for half of the last name at the axis. */
const edgePx = 20;

/** From zero when the values come near it, else with some air around them. */
const valueRange =
  (isPercent: boolean) =>
  (_: uPlot, min: number | null, max: number | null): [number, number] => {
    if (isPercent) return [0, 100];
    if (min === null || max === null) return [0, 1];
    if (min === max) return min === 0 ? [0, 1] : [min - Math.abs(min) * 0.1 - 0.1, max + Math.abs(max) * 0.1 + 0.1];
    const air = (max - min) * 0.08;
    return [min >= 0 && min < max / 2 ? 0 : min - air, max + air];
  };

/** Digits that tell ticks apart so far from each other. */
const digitsOf = (increment: number): number =>
  [0, 1, 2].find((digits) => Number.isInteger(Number((increment * 10 ** digits).toFixed(6)))) ?? 3;

/** A chart of lines over time on a canvas. It draws; whoever holds it knows data and time. */
export class PanePlot {
  readonly #host: HTMLElement;
  readonly #events: PaneEvents;
  #plot: uPlot | undefined;
  #view: PaneView;
  #signature = '';
  #isPointed = false;
  #cursorMs: number | undefined;

  constructor(host: HTMLElement, view: PaneView, events: PaneEvents) {
    this.#host = host;
    this.#events = events;
    this.#view = view;
    this.show(view);
  }

  /** Shows other data, or the same at another place or in another theme. */
  show(view: PaneView): void {
    this.#view = view;
    const { lines, hasTimeAxis, themeRevision, formats } = view;
    const looks = lines.map(({ key, colour, unit, stepMs, isStepped }) => [key, colour, unit, stepMs > 0, isStepped]);
    const signature = JSON.stringify([looks, hasTimeAxis, themeRevision, formats.settings]);
    const data = alignLines(view.lines) as unknown as uPlot.AlignedData;
    if (this.#plot && signature === this.#signature) {
      this.#plot.batch(() => {
        this.#plot?.setData(data, false);
        this.#plot?.setScale('x', { min: view.period.from / 1000, max: view.period.to / 1000 });
      });
    } else {
      this.#plot?.destroy();
      this.#signature = signature;
      this.#plot = new uPlot(this.#options(), data, this.#host);
      this.#listen(this.#plot);
    }
    this.moveCursor(this.#cursorMs);
  }

  /** Stands at a time that was pointed at elsewhere. */
  moveCursor(timeMs: number | undefined): void {
    this.#cursorMs = timeMs;
    if (!this.#plot || this.#isPointed) return;
    const left = timeMs === undefined ? -10 : this.#plot.valToPos(timeMs / 1000, 'x');
    this.#plot.setCursor({ left, top: timeMs === undefined ? -10 : this.#plot.over.clientHeight / 2 }, false);
  }

  fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width > 0 && height > 0 && (this.#plot?.width !== width || this.#plot.height !== height))
      this.#plot?.setSize({ width, height });
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #token(name: string): string {
    return getComputedStyle(this.#host).getPropertyValue(name).trim();
  }

  #options(): uPlot.Options {
    const { lines, hasTimeAxis, axisText, formats } = this.#view;
    const { clientWidth, clientHeight } = this.#host;
    const font = `12px ${this.#token('--font')}`;
    const axis = { stroke: this.#token('--ink-3'), font, ticks: { show: false }, border: { show: false } };
    const grid = { stroke: this.#token('--line'), width: 1 };
    return {
      width: clientWidth || 600,
      height: clientHeight || 120,
      padding: [8, edgePx, hasTimeAxis ? 0 : 6, 0],
      legend: { show: false },
      // Ticks stand at whole hours and days of the person's clock.
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), formats.settings.timeZone),
      scales: {
        // Its own window, never the extent of what was observed: silence at the edge is part of the picture.
        x: { time: true, range: () => [this.#view.period.from / 1000, this.#view.period.to / 1000] },
        y: { range: valueRange(lines.every(({ unit }) => unit === '%')) },
      },
      axes: [
        {
          ...axis,
          show: hasTimeAxis,
          grid,
          size: 24,
          gap: 4,
          space: namePx,
          values: (_, splits, __, ___, increment) =>
            tickNames(
              splits.map((seconds) => seconds * 1000),
              increment * 1000,
              formats,
            ),
        },
        {
          ...axis,
          grid,
          size: axisWidthPx,
          gap: 6,
          space: 28,
          values: (_, splits, __, ___, increment) => splits.map((value) => axisText(value, digitsOf(increment))),
        },
      ],
      series: [{}, ...lines.flatMap((line) => this.#series(line))],
      bands: lines.flatMap((line, index) =>
        line.stepMs === 0
          ? []
          : [{ series: [index * columnsPerLine + 2, index * columnsPerLine + 3] as uPlot.Band.Bounds, fill: this.#faint(line) }],
      ),
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: dragPxMin },
        points: { size: 7, show: true },
        hover: { prox: 24, skip: [undefined, null] },
        bind: {
          dblclick: () => () => {
            this.#events.back();
            return null;
          },
        },
      },
      hooks: {
        drawClear: [(plot) => this.#hatch(plot)],
        setCursor: [(plot) => this.#pointed(plot)],
        setSelect: [(plot) => this.#selected(plot)],
      },
    };
  }

  #faint(line: ChartLine): string {
    return `color-mix(in srgb, ${this.#token(`--series-${line.colour}`)} 20%, transparent)`;
  }

  #series(line: ChartLine): uPlot.Series[] {
    const stroke = this.#token(`--series-${line.colour}`);
    const filter = (plot: uPlot, index: number): number[] => lonePoints(plot.data[index] as Column);
    const edge: uPlot.Series = { width: 0, stroke: 'transparent', points: { show: false }, show: line.stepMs > 0 };
    const stepped = line.isStepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
    // Where there are more points than pixels a thick line would hide the shade behind it.
    const width = line.points.length > this.#host.clientWidth ? 1.3 : 1.8;
    return [
      { stroke, width, ...(stepped ? { paths: stepped } : {}), points: { size: 4, fill: stroke, show: false, filter } },
      edge,
      { ...edge },
    ];
  }

  #hatch(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const tile = document.createElement('canvas');
    const side = Math.round(hatchPx * uPlot.pxRatio);
    tile.width = tile.height = side;
    const pen = tile.getContext('2d') as CanvasRenderingContext2D;
    pen.strokeStyle = this.#token('--line-strong');
    pen.globalAlpha = 0.7;
    pen.lineWidth = uPlot.pxRatio;
    pen.beginPath();
    for (const shift of [-side, 0, side]) {
      pen.moveTo(shift, side);
      pen.lineTo(shift + side, 0);
    }
    pen.stroke();
    ctx.save();
    ctx.beginPath();
    for (const gap of this.#view.gaps) {
      const left = Math.max(bbox.left, plot.valToPos(gap.from / 1000, 'x', true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(gap.to / 1000, 'x', true));
      if (right > left) ctx.rect(left, bbox.top, right - left, bbox.height);
    }
    ctx.fillStyle = ctx.createPattern(tile, 'repeat') as CanvasPattern;
    ctx.fill();
    ctx.restore();
  }

  #listen(plot: uPlot): void {
    plot.over.addEventListener('pointerenter', () => {
      this.#isPointed = true;
    });
    plot.over.addEventListener('pointerleave', () => {
      this.#isPointed = false;
      this.#events.cursor(undefined);
    });
    // A finger moves the cursor as a mouse does; up and down still scrolls the page.
    plot.over.style.touchAction = 'pan-y';
    plot.over.addEventListener('pointermove', (event) => {
      if (event.pointerType === 'touch') plot.setCursor({ left: event.offsetX, top: event.offsetY });
    });
  }

  #pointed(plot: uPlot): void {
    const left = plot.cursor.left ?? -1;
    if (!this.#isPointed || left < 0) return;
    this.#cursorMs = plot.posToVal(left, 'x') * 1000;
    this.#events.cursor(this.#cursorMs);
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < dragPxMin) return;
    const at = (px: number): number => Math.round(plot.posToVal(px, 'x') * 1000);
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#events.zoom({ from: at(left), to: at(left + width) });
  }
}
