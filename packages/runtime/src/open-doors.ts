import type { Logger } from './logger.ts';

/** Serve what anyone may see. */
const harmless: readonly string[] = ['ops', 'log'];

/**
 * Warns where a service listens beyond this machine and everyone may do everything: no authentication file is set.
 * @param config all settings; a section with a `host` is one that listens
 */
export function warnOfOpenDoors(config: Readonly<Record<string, unknown>>, logger: Pick<Logger, 'warn'>): void {
  const { auth } = config as { auth?: { file?: string } };
  if (!auth || auth.file) return;
  const open = Object.entries(config).flatMap(([section, value]) => {
    const { host } = (value ?? {}) as { host?: unknown };
    return typeof host === 'string' && !harmless.includes(section) && !isLoopback(host) ? [[section, host]] : [];
  });
  if (open.length === 0) return;
  logger.warn(
    { listening: Object.fromEntries(open) },
    'AUTHENTICATION IS OFF: whoever reaches this machine can read, change and delete everything. Set auth.file (docs/authentication.md), or listen on 127.0.0.1',
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
