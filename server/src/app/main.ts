import { parseArgs } from 'node:util';
import { makeLogger, MilepostError, systemClock } from '../kernel/index.ts';
import { startNode } from './cluster/start-node.ts';
import { startDemo } from './demo.ts';
import { checkDemoReach } from './reach-settings.ts';
import { readConfiguration } from './settings.ts';
import { startServer } from './start-server.ts';

const modes = ['serve', 'demo', 'empty'] as const;
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

const readMode = (): (typeof modes)[number] => {
  const { values } = parseArgs({ options: { mode: { type: 'string', default: 'serve' } } });
  const mode = modes.find((one) => one === values.mode);
  if (!mode) throw new Error(`--mode is ${values.mode}, expected one of ${modes.join(', ')}`);
  return mode;
};

const main = async (): Promise<void> => {
  const mode = readMode();
  const configuration = readConfiguration(process.env);
  if (mode === 'demo') checkDemoReach(configuration.host);
  const logger = makeLogger(configuration.logLevel);
  let stopping: Promise<void> | undefined;
  let stop = async (): Promise<void> => {};
  const end = (code: number): void => {
    stopping ??= stop().finally(() => process.exit(code));
  };
  const failed = (error: Error): void => {
    logger.error('the server cannot go on', { error });
    end(1);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(0));
  if (process.connected) process.once('disconnect', () => end(0));
  process.on('uncaughtException', failed);

  const start = configuration.kafkaBrokers ? startNode : startServer;
  const server = await start({ configuration, clock: systemClock, logger, isDemo: mode === 'demo', failed });
  stop = () => server.stop();
  tell(`Milepost is ready at ${server.origin}`);
  if (server.mqttOrigin) tell(`MQTT: ${server.mqttOrigin}`);
  if (server.deviceTlsOrigin) tell(`Devices with TLS: ${server.deviceTlsOrigin}`);
  if (server.mqttTlsOrigin) tell(`MQTT over TLS: ${server.mqttTlsOrigin}`);
  if (server.signInLink) tell(`Sign in: ${server.signInLink()}`);
  if (mode !== 'demo') return;
  const endDemo = startDemo(server, configuration.data, tell);
  stop = async () => {
    await endDemo();
    await server.stop();
  };
};

main().catch((error: unknown) => {
  const known = error instanceof MilepostError && error.code !== 'internal';
  process.stderr.write(
    known
      ? `Milepost cannot start: ${error.message}\n`
      : `Milepost cannot start: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
