/** For TypeScript outside of tools. */
export interface Engine {
  /** host:port */
  readonly address: string;
  readonly folder: string;
  readonly pid: number;
  readonly log: () => string;
  stop(): Promise<void>;
  kill(): void;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}
export declare const ensureKafka: () => { readonly path: string } | { readonly problem: string };
export declare const ensureKafkaTools: () => { readonly path: string } | { readonly problem: string };
export interface KafkaWanted {
  /** host:port that clients are told instead of its own: of a proxy. */
  readonly advertised?: string;
  /** By TLS and with a password alone. */
  readonly secrets?: {
    /** File with key and certificate of the broker. */
    readonly pem: string;
    readonly username: string;
    readonly password: string;
  };
}
export declare const startKafka: (jars: string, wanted?: KafkaWanted) => Promise<Engine>;
/** Three brokers of one cluster, in the order of their node ids, which are 1 to 3. The keys of `settings` are Kafka's. */
export declare const startThreeBrokers: (
  jars: string,
  options?: { readonly settings?: Readonly<Record<string, string>> },
) => Promise<readonly [Engine, Engine, Engine]>;
/** What Kafka's own tool says of a consumer group, a table as text. */
export declare const describeGroup: (jars: string, address: string, group: string) => Promise<string>;
export declare const ensureProtoc: () => { readonly path: string } | { readonly problem: string };
/** What a message says, in the text format of Protocol Buffers, by their own compiler. */
export declare const decodeWithProtoc: (path: string, schema: string, type: string, message: Uint8Array) => string;
export declare const ensureSchemathesis: () => { readonly path: string } | { readonly problem: string };
/** Asks an API what its own description allows, and what it does not; answers whether it found anything, and what it printed. */
export declare const runSchemathesis: (
  path: string,
  run: { readonly folder: string; readonly args: readonly string[] },
) => Promise<{ readonly isClean: boolean; readonly text: string }>;
export declare const ensureCassandra: () => { readonly path: string } | { readonly problem: string };
/** The server's binary. */
export declare const ensureValkey: () => { readonly path: string } | { readonly problem: string };
export declare const startValkey: (binary: string) => Promise<Engine>;
export declare const ensureToxiproxy: () => { readonly path: string } | { readonly problem: string };
/** Its address is where it is told what to do, by HTTP. */
export declare const startToxiproxy: (binary: string) => Promise<Engine>;
export interface CassandraEngine extends Engine {
  /** Runs nodetool; answers what it printed. */
  nodetool(...args: string[]): string;
}
export declare const startCassandra: (
  jars: string,
  options?: { readonly isQuick?: boolean; readonly settings?: Readonly<Record<string, unknown>> },
) => Promise<CassandraEngine>;
/** Three nodes of one cluster on 127.0.0.1, 127.0.0.2 and 127.0.0.3, at one port. */
export declare const startThreeNodes: (jars: string) => Promise<readonly [CassandraEngine, CassandraEngine, CassandraEngine]>;
