import { measured } from './measured.ts';
import { type Plan, planLimits } from './plan.ts';

const grouped = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: 0 });

/** With as many digits as are worth something. */
const rough = (value: number): string => grouped(value, value < 10 ? 1 : 0);

type Row = readonly [what: string, value: string, why?: string];

const layOut = (rows: readonly Row[]): string => {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(([what, value, why = '']) =>
      `  ${what.padEnd(widths[0] as number)}  ${value.padStart(widths[1] as number)}  ${why}`.trimEnd(),
    )
    .join('\n');
};

const cellRows = ({ cell }: Plan): Row[] => [
  ['vehicles', grouped(cell.vehicles)],
  ['reports a minute', grouped(cell.reportsAMinute)],
  ['partitions of the log', grouped(cell.partitions), `chosen once, for ${planLimits.growth} times the load or a full cell`],
  ['gateways', grouped(cell.gateways), `${rough(cell.gatewayMb)} MB each, all vehicles connected`],
  ['projectors', grouped(cell.projectors), `${rough(cell.projectorMb)} MB each`],
  ['api processes', grouped(cell.apis), `${rough(cell.apiMb)} MB each; each follows all of its cell. More for many viewers`],
];

const allRows = (plan: Plan): Row[] => [
  ['partitions', grouped(plan.partitions)],
  [
    'processes of Milepost',
    grouped(plan.gateways + plan.projectors + plan.apis),
    `a core each, ${rough(plan.processGb)} GB in all`,
  ],
  [
    'brokers of Kafka',
    grouped(plan.brokers),
    `${rough(plan.kafkaCores)} cores busy, ${rough(plan.kafkaTerabytes)} TB of disk in all`,
  ],
  [
    'nodes of Cassandra',
    grouped(plan.cassandraNodes),
    `${rough(plan.cassandraCores)} cores busy, ${rough(plan.cassandraTerabytes)} TB of disk in all`,
  ],
  ['network, from devices', `${rough(plan.devicesMbitASecond)} Mbit/s`, 'JSON that is not packed'],
  ['network, Kafka', `${rough(plan.kafkaMbitASecond)} Mbit/s`, 'copies and followers included'],
  ['network, Cassandra', `${rough(plan.cassandraMbitASecond)} Mbit/s`, 'copies and merges included'],
];

const assumptions = ({ wanted }: Plan): string =>
  `Planned for ${grouped(wanted.utilisation * 100)} % of a core; of each kind one process or node may fail; ${planLimits.diskFree * 100} % of a disk stays free;
brokers and nodes of ${wanted.nodeCores} cores and ${wanted.nodeTerabytes} TB. Their memory is not measured: give them what their manuals say.
Load is taken as even: a peak of twice the mean is what the unused part of a core is for.`;

const cellsText = ({ cells }: Plan): string =>
  cells === 1
    ? ''
    : `
An api process follows the whole log of its cell. More than one core of it can follow, or than ${grouped(planLimits.cellVehiclesMax)} vehicles, is divided
into cells: parts of the fleet with a topic, a keyspace, a database and processes of their own. Nothing shows two cells on one page today.
Several cells are planned full.
`;

const sources = (): string => {
  const names = [...new Set(Object.values(measured).map(({ scenario }) => scenario))];
  return `Figures: bench/results/{${names.join(',')}}.json, one machine of two cores; measure on yours with \`npm run bench\`.`;
};

/** What a person reads. */
export const planText = (plan: Plan): string => {
  const { vehicles, reportsAMinute, samplesAReport, years, replication, logDays } = plan.wanted;
  return `${grouped(vehicles)} vehicles, ${grouped(reportsAMinute)} reports a minute of ${grouped(samplesAReport)} samples, history of ${grouped(years, 2)} years, a log of ${logDays} days, each ${replication} times

${plan.cells === 1 ? 'One cell' : `${grouped(plan.cells)} cells, each`}
${layOut(cellRows(plan))}

${plan.cells === 1 ? 'All' : 'All cells'} together
${layOut(allRows(plan))}
${cellsText(plan)}
${assumptions(plan)}
${sources()}
`;
};

/** The sizes that docs/operate/cluster.md tells of. */
export const pageSizes: readonly { readonly vehicles: number; readonly reportsAMinute: number }[] = [
  { vehicles: 50_000, reportsAMinute: 50_000 },
  { vehicles: 1_000_000, reportsAMinute: 1_000_000 },
  { vehicles: 100_000_000, reportsAMinute: 100_000_000 },
];

/** Their table. */
export const planTable = (plans: readonly Plan[]): string => {
  const rows: [string, (plan: Plan) => string][] = [
    ['vehicles', ({ wanted }) => grouped(wanted.vehicles)],
    ['cells', ({ cells }) => grouped(cells)],
    ['partitions of the log, each cell', ({ cell }) => grouped(cell.partitions)],
    ['gateways, each cell', ({ cell }) => `${cell.gateways} of ${rough(cell.gatewayMb)} MB`],
    ['projectors, each cell', ({ cell }) => `${cell.projectors} of ${rough(cell.projectorMb)} MB`],
    ['api processes, each cell', ({ cell }) => `${cell.apis} of ${rough(cell.apiMb)} MB`],
    ['partitions in all', ({ partitions }) => grouped(partitions)],
    ['processes in all', ({ gateways, projectors, apis }) => grouped(gateways + projectors + apis)],
    ['brokers of Kafka', ({ brokers }) => grouped(brokers)],
    ['their disk in all, TB', ({ kafkaTerabytes }) => rough(kafkaTerabytes)],
    ['nodes of Cassandra', ({ cassandraNodes }) => grouped(cassandraNodes)],
    ['their disk in all, TB', ({ cassandraTerabytes }) => rough(cassandraTerabytes)],
    ['network from devices, Mbit/s', ({ devicesMbitASecond }) => rough(devicesMbitASecond)],
    ['network of Kafka, Mbit/s', ({ kafkaMbitASecond }) => rough(kafkaMbitASecond)],
    ['network of Cassandra, Mbit/s', ({ cassandraMbitASecond }) => rough(cassandraMbitASecond)],
  ];
  const head = ['reports a minute', ...plans.map(({ wanted }) => grouped(wanted.reportsAMinute))];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(([name, of]) => line([name, ...plans.map(of)]))].join('\n');
};
