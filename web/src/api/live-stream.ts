import { closeCodes } from '@milepost/contract';
import { decodeMapFrame, type MapFrame } from '@milepost/contract/stream';
import type {
  RosterMessage,
  StatusMessage,
  StreamMessage,
  StreamRequest,
  VehicleMessage,
  WarningMessage,
} from '@milepost/contract/stream';

import { type Ref, ref } from 'vue';
import { noteSignedOut } from './client.ts';

export type StreamState = 'connecting' | 'live' | 'offline';

export interface MapListener {
  roster(message: RosterMessage): void;
  frame(frame: MapFrame): void;
}
type VehicleListener = (message: VehicleMessage) => void;
type StatusListener = (message: StatusMessage) => void;
type WarningListener = (message: WarningMessage) => void;

const retryFirstMs = 500;
const retryMaxMs = 15_000;
/** So long a socket that is just being opened is waited for. */
const openMaxMs = 2000;

/**
 * The one socket of a page to `/v1/stream`. It is open while somebody listens, comes back by itself when it was lost,
 * and then subscribes again to all that is listened to.
 */
class LiveStream {
  readonly state: Ref<StreamState> = ref('connecting');
  #socket: WebSocket | undefined;
  #isShutOut = false;
  #retryMs = retryFirstMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #maps = new Set<MapListener>();
  readonly #vehicles = new Map<string, Set<VehicleListener>>();
  readonly #statuses = new Set<StatusListener>();
  readonly #warnings = new Set<WarningListener>();

  /** Listens to the whole fleet. Answers how to stop. */
  watchMap(listener: MapListener): () => void {
    this.#maps.add(listener);
    // A second listener needs the roster and a full frame too, which only a new subscription brings.
    if (this.#maps.size > 1) this.#send({ unsubscribe: 'map' });
    this.#send({ subscribe: 'map' });
    this.#open();
    return () => {
      this.#maps.delete(listener);
      if (this.#maps.size === 0) this.#send({ unsubscribe: 'map' });
    };
  }

  /** Listens to the latest values of a vehicle: all of them first, then what changed. */
  watchVehicle(id: string, listener: VehicleListener): () => void {
    const listeners = this.#vehicles.get(id) ?? new Set();
    this.#vehicles.set(id, listeners.add(listener));
    this.#send({ subscribe: 'vehicle', id });
    this.#open();
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#vehicles.get(id) !== listeners) return;
      this.#vehicles.delete(id);
      this.#send({ unsubscribe: 'vehicle', id });
    };
  }

  watchStatus(listener: StatusListener): () => void {
    this.#statuses.add(listener);
    this.#open();
    return () => void this.#statuses.delete(listener);
  }

  watchWarnings(listener: WarningListener): () => void {
    this.#warnings.add(listener);
    this.#open();
    return () => void this.#warnings.delete(listener);
  }

  #send(request: StreamRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  /** Somebody is signed in (again): what is listened to comes again. */
  admit(): void {
    if (!this.#isShutOut) return;
    this.#isShutOut = false;
    if (this.#isWanted) this.#open();
  }

  /** Before somebody signs out: a socket that were still being opened would be refused, and asked for again and again. `admit` takes it back. */
  async leave(): Promise<void> {
    this.#isShutOut = true;
    const socket = this.#socket;
    if (socket?.readyState === WebSocket.CONNECTING)
      await new Promise((settled) => {
        for (const event of ['open', 'close']) socket.addEventListener(event, settled);
        setTimeout(settled, openMaxMs);
      });
    socket?.close();
  }

  get #isWanted(): boolean {
    return this.#maps.size + this.#vehicles.size + this.#statuses.size + this.#warnings.size > 0;
  }

  #open(): void {
    if (this.#socket || this.#timer || this.#isShutOut) return;
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/stream`);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#subscribeAll();
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#receive(event.data);
    socket.onclose = ({ code }) => {
      if (code === closeCodes.revoked || code === closeCodes.tokenExpired) this.#shutOut();
      else if (this.#isShutOut) this.#socket = undefined;
      else this.#lost();
    };
    this.#socket = socket;
  }

  #subscribeAll(): void {
    this.state.value = 'live';
    this.#retryMs = retryFirstMs;
    if (this.#maps.size > 0) this.#send({ subscribe: 'map' });
    for (const id of this.#vehicles.keys()) this.#send({ subscribe: 'vehicle', id });
  }

  /** The session has ended: asking again would be refused each time. */
  #shutOut(): void {
    this.#socket = undefined;
    this.state.value = 'offline';
    this.#isShutOut = true;
    noteSignedOut();
  }

  #lost(): void {
    this.#socket = undefined;
    this.state.value = 'offline';
    const waitMs = this.#retryMs * (0.75 + Math.random() / 2);
    this.#retryMs = Math.min(retryMaxMs, this.#retryMs * 2);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isWanted) this.#open();
    }, waitMs);
  }

  #receive(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      const frame = decodeMapFrame(new Uint8Array(data));
      for (const listener of this.#maps) listener.frame(frame);
      return;
    }
    const message = JSON.parse(data) as StreamMessage;
    if (message.type === 'roster') for (const listener of this.#maps) listener.roster(message);
    else if (message.type === 'vehicle') for (const listener of this.#vehicles.get(message.id) ?? []) listener(message);
    else if (message.type === 'status') for (const listener of this.#statuses) listener(message);
    else if (message.type === 'warning') for (const listener of this.#warnings) listener(message);
  }
}

export const liveStream = new LiveStream();
