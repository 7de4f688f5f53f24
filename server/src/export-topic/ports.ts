/** One message of the topic. */
export interface ExportMessage {
  /** The vehicle's opaque id: messages of one key stay in order. */
  readonly key: string;
  /** `milepost.export.v1.VehicleReport` */
  readonly value: Uint8Array;
  readonly receivedAtMs: number;
}

/** Where messages go. Called with one request at a time. */
export interface ExportSink {
  /**
   * Resolves when the messages are durable (Kafka: acks=all), in this order for each key. Tries until then; rejects with the signal's reason when that is
   * aborted (they may come to be there all the same), or when the messages will never be taken.
   */
  send(messages: readonly ExportMessage[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
