/** Where devices and callers of the API come. */
export interface Target {
  readonly origin: string;
  /** Where MQTT is spoken. */
  readonly mqttOrigin: string;
  readonly operatorToken: string;
}

export interface Milepost extends Target {
  /** Works once. */
  readonly signInLink: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Everything that it keeps. */
  readonly data: string;
  /** What the server wrote to standard error, the last of it. */
  log(): string;
  /** Ends the process, as Ctrl-C would, and leaves its data: `start` may be called again. */
  stop(): Promise<void>;
  /** SIGKILL to the server and everything that it started, also its PostgreSQL. Answers how many processes that were. */
  kill(): Promise<number>;
  /** The same server again on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

export interface MilepostOptions {
  readonly mode: 'serve' | 'empty' | 'demo';
  /** Further settings of the environment, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A folder to keep its data in, which is removed at the end; a temporary one when it is not given. */
  readonly data?: string;
}
