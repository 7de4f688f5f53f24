import assert from 'node:assert/strict';
import type { RouteBody, RouteQuery, RouteResponse, TelemetryAnswerView } from '@milepost/contract/api';
import { coreVocabulary, quantise } from '@milepost/contract';
import { ByteWriter, ReportBuilder } from '@milepost/contract/report';
import { type DeviceSocket, openDeviceSocket } from '../../ingest/testing/device-socket.ts';
import { deviceFrameType } from '../../protocols/index.ts';
import type { TestServer } from './open-test-server.ts';

/** What a device says of one moment. */
export interface Said {
  readonly time: number | string;
  readonly signals: Readonly<Record<string, number | string>>;
}

/** Values by signal of a row, in the order of the signals asked for; null: none. */
export type Row = readonly (number | null)[];

/** A report in the binary form, as a device writes it: with boot and seq for sockets, without for HTTP. */
export const asFrame = (
  samples: readonly Said[],
  sequence?: { readonly boot: number; readonly seq: number },
): Uint8Array<ArrayBuffer> => {
  const builder = new ReportBuilder();
  for (const { time, signals } of samples) {
    builder.addSample(Number(time));
    for (const [path, value] of Object.entries(signals)) {
      const signal = coreVocabulary.byPath(path);
      const quantised = signal && quantise(signal, value);
      assert.ok(signal && quantised?.ok, `${path} ${value}`);
      builder.addValue(signal.number, quantised.stored);
    }
  }
  const out = new ByteWriter();
  out.byte(sequence === undefined ? 0 : 1);
  if (sequence !== undefined) {
    out.varint(sequence.boot);
    out.varint(sequence.seq);
  }
  builder.encode(out);
  return new Uint8Array(out.toBytes());
};

/** A vehicle of a recording, and the device on it, which logs in whenever its token has expired. */
export class RecordedDevice {
  readonly vehicleId: string;
  readonly #server: TestServer;
  readonly #login: RouteBody<'login'>;
  #token = '';

  constructor(server: TestServer, vehicleId: string, login: RouteBody<'login'>) {
    this.#server = server;
    this.vehicleId = vehicleId;
    this.#login = login;
  }

  get imei(): string {
    return this.#login.imei;
  }

  async login(): Promise<string> {
    const { status, text, json } = await this.#server.ask('login', { body: this.#login });
    assert.equal(status, 200, text);
    this.#token = json.token;
    return this.#token;
  }

  /** A report over HTTP; answers what became of it. */
  async send(body: string | Uint8Array<ArrayBuffer>, type = 'application/json'): Promise<TelemetryAnswerView> {
    const post = () =>
      fetch(`${this.#server.origin}/v1/telemetry`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': type },
        body,
      });
    let answer = await post();
    if (answer.status === 401) {
      await this.login();
      answer = await post();
    }
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return JSON.parse(text) as TelemetryAnswerView;
  }

  sendJson(samples: readonly Said[]): Promise<TelemetryAnswerView> {
    return this.send(JSON.stringify({ samples }));
  }

  sendBinary(samples: readonly Said[]): Promise<TelemetryAnswerView> {
    return this.send(asFrame(samples), deviceFrameType);
  }

  sendLines(samples: readonly Said[]): Promise<TelemetryAnswerView> {
    return this.send(samples.map((sample) => JSON.stringify(sample)).join('\n'), 'application/x-ndjson');
  }

  async openSocket(): Promise<DeviceSocket> {
    return openDeviceSocket(this.#server.origin, await this.login());
  }

  /** Every row of history between two times, by time; times of two rows are different here, as there is one device. */
  async history(paths: readonly string[], fromMs: number, toMs: number): Promise<Map<number, Row>> {
    const rows = new Map<number, Row>();
    for (let from: number | null = fromMs; from !== null; ) {
      const query: RouteQuery<'readHistory'> = { signals: paths.join(','), from: String(from), to: String(toMs) };
      const answer = await this.#server.ask('readHistory', { id: this.vehicleId, query });
      assert.equal(answer.status, 200, answer.text);
      const json: RouteResponse<'readHistory'> = answer.json;
      const columns = paths.map((path) => json.columns[path] as (number | null)[]);
      for (const [i, time] of json.times.entries()) {
        assert.ok(!rows.has(time), `${time} is there twice`);
        rows.set(
          time,
          columns.map((column) => column[i] as number | null),
        );
      }
      from = json.next;
    }
    return rows;
  }
}

/** Vehicles with a device each. */
export const addRecordedDevices = async (server: TestServer, count: number): Promise<RecordedDevice[]> => {
  const imeiOf = (i: number): string => String(352_000_000_000_000 + i);
  const rows = await server.registry.enrol(
    Array.from({ length: count }, (_, i) => ({
      vehicle: { vin: `WVWZZZ3CZ${String(i).padStart(8, '0')}`, customer: 'Recorded' },
      device: { imei: imeiOf(i) },
    })),
  );
  return rows.map(({ vehicleId, secret }, i) => new RecordedDevice(server, vehicleId, { imei: imeiOf(i), secret }));
};
