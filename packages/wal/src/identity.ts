import { randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { orIoError, WalError } from './errors.ts';
import type { LogIo } from './log-io.ts';
import type { LogIdentity } from './recover.ts';
import { formatVersion } from './segment.ts';
import type { Segment } from './segments.ts';

/** An id and a salt that no other log has. */
export function newIdentity(): LogIdentity {
  return { id: randomUUID(), salt: randomInt(2 ** 32) };
}

/** The identity that a segment's header tells. */
export function identityOf(segment: Segment): LogIdentity {
  return { id: segment.header.logId, salt: segment.header.salt };
}

/** Writes `log.json`; resolves when it is on disk. */
export async function writeIdentity(io: LogIo, dir: string, identity: LogIdentity): Promise<LogIdentity> {
  const text = `${JSON.stringify({ format: formatVersion, ...identity })}\n`;
  await orIoError(`write ${dir}/log.json`, () => io.replaceText(join(dir, 'log.json'), text, true));
  return identity;
}

/** Reads `log.json`: `undefined` when there is none, FORMAT when it is of another version or damaged. */
export async function readIdentity(io: LogIo, dir: string): Promise<LogIdentity | undefined> {
  const path = join(dir, 'log.json');
  const text = await orIoError(`read ${path}`, () => io.readText(path));
  if (text === undefined) return undefined;
  let parsed: { format?: unknown; id?: unknown; salt?: unknown };
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new WalError('FORMAT', `${path} is not a log's description: ${(error as Error).message}`);
  }
  if (parsed.format !== formatVersion) {
    throw new WalError(
      'FORMAT',
      `${dir} is of log format ${parsed.format}; this program reads format ${formatVersion}`,
    );
  }
  if (typeof parsed.id !== 'string' || typeof parsed.salt !== 'number') {
    throw new WalError('FORMAT', `${path} names no log`);
  }
  return { id: parsed.id, salt: parsed.salt };
}
