import { setTimeout as sleep } from 'node:timers/promises';
import { tenantHeader } from '@signaldb/access';
import { encodeSchemaBytes, type FlightClient } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import type { Schema } from 'apache-arrow';

/** Makes and drops a tenant's tables, at an acceptor. */
export interface TableActions {
  /** Answers whether it did: false where there is a table of the name. */
  create(table: NewTable): Promise<boolean>;
  /** Answers whether it did: false where there is none. */
  drop(name: string): Promise<boolean>;
  /** The name of a table as it is written, found without regard to case. */
  find(name: string): Promise<string | undefined>;
}

export interface NewTable {
  readonly name: string;
  /** A schema as Flight has it, in base64. */
  readonly schemaIpc: string;
  readonly primaryKey: readonly string[];
  /** A table of the name gives way, once this one has been found good. */
  readonly orReplace: boolean;
}

export const schemaText = (schema: Schema): string => Buffer.from(encodeSchemaBytes(schema)).toString('base64');

/** How long an acceptor that went away is waited for. */
const patienceMs = 20_000;
const pauseMs = 200;

/** @param key names the statement: what it made or dropped before its answer was lost is its own */
export function tableActions(
  acceptor: FlightClient,
  tenant: string,
  { signal, key }: { readonly signal: AbortSignal; readonly key: string },
): TableActions {
  async function once(type: string, body: object): Promise<Record<string, unknown>> {
    const options = { metadata: { [tenantHeader]: tenant }, signal };
    const action = { type, body: Buffer.from(JSON.stringify(body)) };
    let answer: Record<string, unknown> = {};
    for await (const result of acceptor.doAction(action, options)) answer = JSON.parse(Buffer.from(result).toString());
    return answer;
  }

  /** Tries until the acceptor answers. `isRepeated`: an earlier attempt may have taken effect. */
  async function act(
    type: string,
    body: object,
  ): Promise<{ answer: Record<string, unknown> | GrpcError; isRepeated: boolean }> {
    const until = performance.now() + patienceMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return { answer: await once(type, body), isRepeated: attempt > 1 };
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error;
        if (error.code !== Status.UNAVAILABLE) return { answer: error, isRepeated: attempt > 1 };
        if (performance.now() > until) throw error;
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  return {
    async create({ name, schemaIpc, primaryKey, orReplace }) {
      const keys = primaryKey.length > 0 ? { primary_key: primaryKey } : {};
      const body = { name, schema_ipc: schemaIpc, or_replace: orReplace, idempotency_key: key, ...keys };
      const { answer } = await act('CreateTable', body);
      if (!(answer instanceof GrpcError)) return true;
      if (answer.code === Status.ALREADY_EXISTS) return false;
      throw answer;
    },
    async drop(name) {
      const { answer, isRepeated } = await act('DropTable', { name });
      if (!(answer instanceof GrpcError)) return true;
      if (answer.code === Status.NOT_FOUND) return isRepeated;
      throw answer;
    },
    async find(name) {
      const { answer } = await act('ListTables', {});
      if (answer instanceof GrpcError) throw answer;
      return (answer.tables as string[]).find((table) => table.toLowerCase() === name.toLowerCase());
    },
  };
}
