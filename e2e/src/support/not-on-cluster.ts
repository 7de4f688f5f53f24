/** The run asks for the processes of a cluster: `npm run test:cluster`. */
export const isOnCluster = process.env['TEST_ON'] === 'cluster';

/** For the option `skip` of a test: false, or why it can say nothing about a cluster. */
const skip = (why: string): string | false => (isOnCluster ? why : false);

/** What is left out there: tests of the stores that one machine has of its own. The reasons are printed by the run. */
export const notOnCluster = {
  backup: skip('backup and restore copy the data folder; Kafka, Cassandra and PostgreSQL are backed up by their own tools'),
  rebuild: skip('a rebuild replaces SQLite files and snapshots of the data folder; a cluster keeps neither there'),
  registry: skip('it exchanges the folder of the embedded PostgreSQL; a cluster has a PostgreSQL outside of the data folder'),
  faults: skip('it damages the files and the one process of one machine; a cluster has faults of its own: npm run torture'),
  providers: skip('it reads a file of providers anew with a start of the one process'),
  demo: skip(
    'the demo is a server on one machine with a simulator beside it; a restart of the cluster does not start its simulator anew',
  ),
} as const;
