import { describe, expect, it } from '@jest/globals';
import { DuckDbError } from '@signaldb/duckdb';
import { Status } from '@signaldb/grpc';
import type { QuerierConfig } from '../config.ts';
import { sqlError } from './sql-errors.ts';

const told = (kind: string, message: string) =>
  sqlError(new DuckDbError(kind, message), {} as QuerierConfig, { sql: 'SELECT 1' });

describe('what went wrong on our side', () => {
  it.each([
    ['IO', 'Could not write file "spill/x.tmp": No space left on device'],
    ['Unknown', 'ENOSPC: no space left on device, write'],
  ])('is a full disk, whoever found it full (%s)', (kind, message) => {
    expect(told(kind, message)).toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('disk'),
    });
  });

  it('stays what it is otherwise', () => {
    expect(told('IO', 'could not read')).toMatchObject({ kind: 'IO' });
  });
});
