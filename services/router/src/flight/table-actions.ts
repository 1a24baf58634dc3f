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

export function tableActions(acceptor: FlightClient, tenant: string, signal: AbortSignal): TableActions {
  async function act(type: string, body: object): Promise<Record<string, unknown>> {
    const options = { metadata: { [tenantHeader]: tenant }, signal };
    const action = { type, body: Buffer.from(JSON.stringify(body)) };
    let answer: Record<string, unknown> = {};
    for await (const result of acceptor.doAction(action, options)) answer = JSON.parse(Buffer.from(result).toString());
    return answer;
  }
  const unless = (code: number) => (error: unknown) => {
    if (error instanceof GrpcError && error.code === code) return undefined;
    throw error;
  };
  return {
    async create({ name, schemaIpc, primaryKey, orReplace }) {
      const key = primaryKey.length > 0 ? { primary_key: primaryKey } : {};
      const body = { name, schema_ipc: schemaIpc, or_replace: orReplace, ...key };
      return (await act('CreateTable', body).catch(unless(Status.ALREADY_EXISTS))) !== undefined;
    },
    drop: async (name) => (await act('DropTable', { name }).catch(unless(Status.NOT_FOUND))) !== undefined,
    async find(name) {
      const { tables } = (await act('ListTables', {})) as { tables: string[] };
      return tables.find((table) => table.toLowerCase() === name.toLowerCase());
    },
  };
}
