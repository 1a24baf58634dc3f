/** Where a server writes what happens to it; pino's loggers are of this shape. */
export interface GrpcLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => {};

export const silentLogger: GrpcLogger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
