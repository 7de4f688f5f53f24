/** Named limits of the listeners. docs/limits.md says what happens at each. */
export const listenerLimits = {
  /** A larger frame closes the socket with 1009; a larger body is answered 413. */
  frameBytesMax: 1024 * 1024,
  /** A body of many reports (NDJSON), or a compressed one after unpacking: larger is answered 413. */
  batchBytesMax: 8 * 1024 * 1024,
  /** Samples of an NDJSON body that are read between two looks at everything else. */
  samplesPerSliceMax: 1024,
  /** A socket that was silent for one interval is pinged; silent for two, it is ended. */
  silenceCheckMs: 45_000,
  /** A TLS connection that has not shaken hands by then is cut. */
  tlsHandshakeMs: 10_000,
  /** Connections of devices that one process takes; further ones are answered 503. */
  connectionsMax: 250_000,
  /** Connections that the system keeps for us until we take them. */
  backlog: 4096,
  /** Answers that a device on a WebSocket does not read: past it the socket is ended. */
  bufferedBytesMax: 256 * 1024,
  /** A WebSocket that was told that it is closed and does not say that it has heard is cut then. */
  closeAnswerMs: 30_000,
  /** A WebSocket that was ended and is still there is cut then; any, when the server stops. */
  endGraceMs: 2000,
} as const;

/** Named limits of the MQTT listener. docs/limits.md says what happens at each. */
export const mqttLimits = {
  /** A connection that has not said CONNECT by then is ended. */
  connectTimeoutMs: 10_000,
  /** A larger CONNECT ends the connection: nobody knows yet who speaks. */
  connectBytesMax: 16 * 1024,
  /** A connection that was ended and does not read the last word is cut then. */
  endGraceMs: 2000,
  /** Keep alive of a client that names none or a longer one; MQTT 5 is told. */
  keepAliveSecondsMax: 1200,
  /** How often it is looked who was silent for one and a half times its keep alive. */
  silenceCheckMs: 1000,
  /** A larger packet ends the connection (0x95). Room for a report of the largest size and its topic. */
  packetBytesMax: 1024 * 1024 + 1024,
  /** Packets that may come before CONNACK was sent. */
  earlyPacketsMax: 256,
  /** Reports that MQTT 5 clients may have on their way without PUBACK. */
  receiveMaximum: 1024,
  /** Reports without PUBACK past which the connection is ended (0x97): the socket is not read long before, so only what was on its way counts. */
  unsettledMax: 17_408,
  /** Answers that a device does not read: past it the socket is ended. */
  bufferedBytesMax: 1024 * 1024,
} as const;
