import pino, { type DestinationStream } from 'pino';
import { textDestination } from './log-text.ts';

export type Logger = pino.Logger;

export interface LoggerOptions {
  readonly level?: pino.LevelWithSilent;
  /** `auto`: text where standard error is a terminal, JSON elsewhere. */
  readonly format?: 'auto' | 'json' | 'text';
  /** The service's name, a field of every line. */
  readonly name?: string;
  /** Where lines go; default: standard error, written at once, so that a crash loses none. */
  readonly destination?: DestinationStream;
}

/** Fields that never show, at the top of a line and one object deeper. */
const secretFields = [
  'password',
  'secret',
  'secretKey',
  'accessKey',
  'sessionToken',
  'token',
  'apiKey',
  'authorization',
  'cookie',
];

/** Creates a logger. Children (`logger.child({component: 'wal'})`) share level and destination. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', format = 'auto', name } = options;
  const destination = options.destination ?? pino.destination({ fd: 2, sync: true });
  const asText = format === 'text' || (format === 'auto' && !options.destination && process.stderr.isTTY === true);
  return pino(
    {
      level,
      base: name === undefined ? {} : { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    asText ? textDestination(destination) : destination,
  );
}
