/**
 * Load in a process of its own: `load-websocket.ts ORIGIN OPERATOR_TOKEN CONNECTIONS IN_FLIGHT`. Frames are prebuilt and only their seq and time
 * are written anew, so that the load costs less than what it loads. Prints `{"acked", "connections"}` each second.
 */
import net from 'node:net';

const [origin = '', operatorToken = '', connectionsText = '1000', inFlightText = '1'] = process.argv.slice(2);
const connections = Number(connectionsText);
const inFlight = Number(inFlightText);
const server = new URL(origin);

const post = async <T>(address: string, token: string, body: unknown): Promise<T> => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(`${origin}${address}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

const imeiOf = (index: number): string => {
  const digits = `00101000${String(index).padStart(6, '0')}`;
  const sum = digits.split('').reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + String((10 - (sum % 10)) % 10);
};

const enrolAll = async (): Promise<string[]> => {
  const tokens: string[] = [];
  for (let from = 0; from < connections; from += 100) {
    const indexes = Array.from({ length: Math.min(100, connections - from) }, (_, i) => from + i);
    const items = indexes.map((index) => ({
      vehicle: { vin: `TESTBENCH00${String(index).padStart(6, '0')}`, customer: 'Bench' },
      device: { imei: imeiOf(index) },
    }));
    const enrolled = await post<{ items: { secret: string }[] }>('/v1/enrolments', operatorToken, { items });
    const logins = enrolled.items.map(({ secret }, i) =>
      post<{ token: string }>('/v1/devices/login', '-', { imei: imeiOf(indexes[i] as number), secret }),
    );
    tokens.push(...(await Promise.all(logins)).map(({ token }) => token));
  }
  return tokens;
};

const firstTime = Date.now();
const signals =
  '{"Vehicle.TraveledDistance":18204300,"Vehicle.CurrentLocation.Latitude":34.020882,"Vehicle.CurrentLocation.Longitude":-6.84165,"Vehicle.CurrentLocation.Heading":271.5,"Vehicle.Speed":43.2,"Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed":62.4,"Vehicle.Powertrain.TractionBattery.Range":84000,"Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure":240,"Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure":241,"Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure":212,"Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure":239,"Vehicle.CurrentOverallWeight":612,"Vehicle.Diagnostics.DTCCount":0}';
const payload = Buffer.from(`{"boot":3,"seq":        1,"samples":[{"time":${firstTime},"signals":${signals}}]}`);
const headBytes = 8;
/** A text frame with an extended length and a mask of zeros, which leaves the payload as it is. */
const template = Buffer.concat([Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]), payload]);
const seqAt = headBytes + payload.indexOf('        1');
const timeAt = headBytes + payload.indexOf(String(firstTime));

let acked = 0;
let connected = 0;

const connect = (token: string): void => {
  let sent = 0;
  let ackedHere = 0;
  let isOpen = false;
  const socket = net.connect(Number(server.port), server.hostname);
  const fill = (): void => {
    const frames: Buffer[] = [];
    while (sent - ackedHere < inFlight) {
      sent++;
      const frame = Buffer.from(template);
      frame.write(String(sent).padStart(9), seqAt, 'latin1');
      frame.write(String(firstTime + sent), timeAt, 'latin1');
      frames.push(frame);
    }
    if (frames.length > 0) socket.write(Buffer.concat(frames));
  };
  socket.setNoDelay(true);
  socket.on('data', (data) => {
    const text = data.toString('latin1');
    if (!isOpen) {
      if (!text.startsWith('HTTP/1.1 101')) throw new Error(text);
      isOpen = true;
      connected++;
    }
    for (const match of text.matchAll(/"ack":(\d+)/g)) {
      acked += Number(match[1]) - ackedHere;
      ackedHere = Number(match[1]);
    }
    fill();
  });
  socket.write(
    `GET /v1/devices/stream HTTP/1.1\r\nHost: ${server.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bWlsZXBvc3QtYmVuY2gtLQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
};

for (const token of await enrolAll()) connect(token);
setInterval(() => process.stdout.write(`${JSON.stringify({ acked, connections: connected })}\n`), 1000);
