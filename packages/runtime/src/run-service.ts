import type { z } from 'zod';
import type { ConfigSchema } from './config/define.ts';
import { describeFlags } from './config/describe.ts';
import { configLeaves } from './config/leaves.ts';
import { loadConfig } from './config/load.ts';
import { createLogger, type Logger, type LoggerOptions } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { warnOfOpenDoors } from './open-doors.ts';
import { createOpsServer } from './ops-server.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import { createShutdown, type Shutdown } from './shutdown.ts';
import { toStartupError } from './startup-error.ts';

/** What a service is given to start with. */
export interface ServiceContext<Config> {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  /** Whatever is opened is added here at once, so that a start that fails half-way closes it again. */
  readonly shutdown: Shutdown;
  /** Where metrics and health are served. */
  readonly opsPort: number;
  /** Ends the process in order, with exit code 1: for what can't be mended while running, such as a failed fsync. */
  fail(error: unknown): void;
}

export interface ServiceDefinition<S extends ConfigSchema> {
  readonly name: string;
  /** One line for `--help`. */
  readonly description: string;
  /** Has the sections of `commonConfig`. */
  readonly config: S;
  /** Builds and opens everything; the service runs when it returns. */
  start(context: ServiceContext<z.output<S>>): Promise<void>;
}

interface CommonSettings {
  readonly log: Required<Pick<LoggerOptions, 'level' | 'format'>>;
  readonly ops: { readonly host: string; readonly port: number };
}

/** All of a shutdown, from the signal to the exit. */
const shutdownMs = 9000;
/** A terminal's Ctrl-C reaches us twice: from the terminal, and passed on by npm. Only a later one means haste. */
const sameSignalMs = 1000;

/**
 * Runs a service until SIGTERM or SIGINT, then closes everything in order, within 10 s; a second signal ends it at once.
 * A start that fails prints one line and ends with exit code 1. This is the only place that reads the process's environment and arguments.
 */
export async function runService<S extends ConfigSchema>(definition: ServiceDefinition<S>): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes('--help') || argv.includes('-h')) return printHelp(definition);

  let config: z.output<S> | undefined;
  let shutdown: Shutdown | undefined;
  try {
    config = loadConfig(definition.config, { env: process.env, argv });
    const { log, ops } = config as z.output<S> & CommonSettings;
    const logger = createLogger({ ...log, name: definition.name });
    shutdown = createShutdown({ logger, timeoutMs: shutdownMs });
    const end = endOnce(logger, shutdown);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(0, { signal }));
    process.on('uncaughtException', (error) => end(1, { err: error }));
    process.on('unhandledRejection', (error) => end(1, { err: error }));

    warnOfOpenDoors(config as Record<string, unknown>, logger);
    const metrics = createMetrics({ processMetrics: true });
    const readiness = createReadiness();
    const started = readiness.add('started', () => 'starting');
    const opsServer = shutdown.add('ops', await createOpsServer({ ...ops, metrics, readiness }));
    const fail = (error: unknown) => end(1, { err: error });
    await definition.start({ config, logger, metrics, readiness, shutdown, opsPort: opsServer.port, fail });
    started();
    shutdown.add('readiness', { close: () => readiness.add('shutdown', () => 'shutting down') });
  } catch (error) {
    const settingOf = (port: number) => portSetting(definition.config, config, port);
    process.stderr.write(`${definition.name}: ${toStartupError(error, settingOf).message}\n`);
    await shutdown?.run();
    process.exit(1);
  }
}

function endOnce(logger: Logger, shutdown: Shutdown): (exitCode: number, why: object) => void {
  let endingSince: number | undefined;
  return (exitCode, why) => {
    if (endingSince !== undefined) {
      if (!('signal' in why)) logger.error(why, 'failed while shutting down');
      else if (performance.now() - endingSince > sameSignalMs) process.exit(1);
      return;
    }
    endingSince = performance.now();
    if (exitCode === 0) logger.info(why, 'shutting down');
    else logger.fatal(why, 'failed, shutting down');
    shutdown.run().then(() => process.exit(exitCode));
  };
}

/** The flag that set a port, for the advice in an error. */
function portSetting(schema: ConfigSchema, config: unknown, port: number): string | undefined {
  const leaf = configLeaves(schema).find(
    ({ isPort, path }) =>
      isPort &&
      path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], config) === port,
  );
  return leaf && `${leaf.flag} or ${leaf.environment}`;
}

function printHelp(definition: ServiceDefinition<ConfigSchema>): void {
  process.stdout.write(
    `${definition.name}: ${definition.description}\n\nSettings, from a YAML file (--config FILE), the environment, or flags:\n${describeFlags(definition.config)}\n`,
  );
}
