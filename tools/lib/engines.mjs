/** Engines for tests and benches. They are fetched once, by Maven, pip or Go, and kept outside of the project. */
export { ensureCassandra, startCassandra } from './engines/cassandra.mjs';
export { describeGroup, ensureKafka, ensureKafkaTools, startKafka } from './engines/kafka.mjs';
export { decodeWithProtoc, ensureProtoc } from './engines/protoc.mjs';
export { ensureSchemathesis, runSchemathesis } from './engines/schemathesis.mjs';
export { startThreeNodes } from './engines/three-nodes.mjs';
export { startThreeBrokers } from './engines/three-brokers.mjs';
export { ensureToxiproxy, startToxiproxy } from './engines/toxiproxy.mjs';
export { ensureValkey, startValkey } from './engines/valkey.mjs';
