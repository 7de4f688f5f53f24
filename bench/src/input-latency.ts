/**
 * How long people wait for what they do to be seen, as Chromium itself tells it (its trace events `EventLatency`, of the category `input.scrolling`): from the moment an
 * input was made until the picture that answers it is on the screen, through every process and thread between the two.
 *
 * It is not measured in the page by a message that is sent in the frame: while somebody drags or turns a wheel Chromium lets the next frame go before messages, so one
 * tells the end of the gesture instead of the end of the frame. Not each input is told of: several that are answered by one picture may count as one.
 */

/** The trace that has them. */
export const latencyCategories = ['input.scrolling'];

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  /** Microseconds. */
  readonly ts: number;
  readonly pid: number;
  readonly id2?: { readonly local?: string };
  readonly args?: { readonly event_latency?: { readonly event_type?: string } };
}

/** By what the browser calls them: what people do. */
const kinds: Readonly<Record<string, string>> = {
  MOUSE_DRAGGED: 'drag',
  MOUSE_PRESSED: 'press',
  MOUSE_RELEASED: 'press',
  MOUSE_WHEEL: 'wheel',
  KEY_PRESSED: 'key',
  GESTURE_SCROLL_BEGIN: 'scroll',
  FIRST_GESTURE_SCROLL_UPDATE: 'scroll',
  GESTURE_SCROLL_UPDATE: 'scroll',
};

/** The last step of an input that was answered by a picture; what changed nothing on the screen ends without it. */
const shownStep = 'SwapEndToPresentationCompositorFrame';

/** Of each input that changed the screen: what it was, and how long it took, in ms. `trace` is the JSON that the browser wrote. */
export const latenciesOf = (trace: string): Readonly<Record<string, readonly number[]>> => {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: readonly TraceEvent[] };
  const open = new Map<string, { readonly startUs: number; readonly kind: string | undefined; isShown: boolean }>();
  const latencies: Record<string, number[]> = {};
  for (const { name, ph, ts, pid, id2, args } of traceEvents) {
    const id = `${pid} ${id2?.local}`;
    if (name === 'EventLatency' && ph === 'b')
      open.set(id, { startUs: ts, kind: kinds[args?.event_latency?.event_type ?? ''], isShown: false });
    const input = open.get(id);
    if (input && name === shownStep) input.isShown = true;
    if (!input || name !== 'EventLatency' || ph !== 'e') continue;
    open.delete(id);
    if (input.kind && input.isShown) (latencies[input.kind] ??= []).push((ts - input.startUs) / 1000);
  }
  return latencies;
};
