import { GrpcError, Status } from '@signaldb/grpc';
import {
  type Catalog,
  type CatalogError,
  columnByName,
  currentSchema,
  type IcebergSchema,
  isCatalogError,
  nameMapping,
  nameMappingProperty,
  type PartitionSpec,
  type SqlTypes,
  signalTableProperties,
  sqlTypesOf,
  sqlTypesProperty,
  storeColumns,
  type UserColumns,
  userColumns,
} from '@signaldb/iceberg';
import { signalTables } from '@signaldb/otlp';
import { SchemaError, schemaFromJson } from '@signaldb/schema';
import { Field, Schema } from 'apache-arrow';

/** A table as it is now. One that is dropped and made again is another one, of the same name. */
export interface UserTable {
  readonly uuid: string;
  readonly columns: UserColumns;
}

/** The tables that users make, each tenant its own. */
export interface UserTables {
  /** With `or_replace` a table of the name is dropped first, once the request has been found good; a request with the
   * `idempotency_key` of the one that made the table changes nothing. @throws INVALID_ARGUMENT, ALREADY_EXISTS, UNIMPLEMENTED */
  create(tenant: string, request: Record<string, unknown>): Promise<void>;
  list(tenant: string): Promise<string[]>;
  /** @throws NOT_FOUND */
  drop(tenant: string, request: Record<string, unknown>): Promise<void>;
  /**
   * The table, a few seconds old at most, and not from before `sinceMs` (by the clock given), so that whoever has made it,
   * anywhere, can write to it. @throws NOT_FOUND, INVALID_ARGUMENT for a signal's table
   */
  open(tenant: string, table: string, sinceMs: number): Promise<UserTable>;
}

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** Names the request that made a table, so that it can be repeated. */
const creationKeyProperty = 'signaldb.creation-key';
const ageMsMax = 5000;
const knownMax = 1000;

export function createUserTables(catalog: Catalog, now: () => number = Date.now): UserTables {
  const tables = new Map<string, { readonly table: Promise<UserTable>; readonly timeMs: number }>();
  const nameOf = (tenant: string, table: string) => `${tenant}/${table}`;

  async function load(tenant: string, table: string): Promise<UserTable> {
    const { metadata } = await orGrpcError(() => catalog.loadTable(tenant, table));
    const columns = userColumns(currentSchema(metadata), sqlTypesOf(metadata.properties));
    return { uuid: metadata['table-uuid'], columns };
  }

  async function isOwn(tenant: string, { name, properties }: ReturnType<typeof tableRequest>): Promise<boolean> {
    const key = properties[creationKeyProperty];
    if (key === undefined) return false;
    const { metadata } = await orGrpcError(() => catalog.loadTable(tenant, name));
    return metadata.properties[creationKeyProperty] === key;
  }

  const list = (tenant: string): Promise<string[]> =>
    orGrpcError(() => catalog.listTables(tenant)).catch((error) => {
      if ((error as GrpcError).code === Status.NOT_FOUND) return []; // nothing was ever written
      throw error;
    });

  return {
    create: async (tenant, request) => {
      const table = tableRequest(request);
      const taken = (await list(tenant)).find((name) => name.toLowerCase() === table.name.toLowerCase());
      if (taken === table.name && (await isOwn(tenant, table))) return; // made before, by this very request
      const isReplaced = taken !== undefined && request.or_replace === true;
      if (taken !== undefined && !isReplaced)
        throw new GrpcError(
          Status.ALREADY_EXISTS,
          `there is a table "${taken}" already (names are compared without case)`,
        );
      await orGrpcError(async () => {
        if (isReplaced) await catalog.dropTable(tenant, taken, { purge: true });
        await catalog.createNamespace(tenant).catch((error) => {
          if (!isCatalogError(error, 'AlreadyExistsException')) throw error;
        });
        await catalog.createTable(tenant, table);
      });
      tables.delete(nameOf(tenant, table.name));
    },
    list,
    drop: async (tenant, request) => {
      const name = tableName(request.name);
      tables.delete(nameOf(tenant, name));
      await orGrpcError(() => catalog.dropTable(tenant, name, { purge: true }));
    },
    open: async (tenant, table, sinceMs) => {
      const name = nameOf(tenant, tableName(table));
      const known = tables.get(name);
      if (known && known.timeMs >= sinceMs && now() - known.timeMs < ageMsMax) return known.table;
      const opened = load(tenant, table);
      opened.catch(() => tables.delete(name));
      tables.delete(name);
      tables.set(name, { table: opened, timeMs: now() });
      if (tables.size > knownMax) tables.delete(tables.keys().next().value!);
      return opened;
    },
  };
}

function tableName(name: unknown): string {
  if (typeof name !== 'string' || !namePattern.test(name)) {
    const shown = JSON.stringify(name)?.slice(0, 100);
    throw invalid(`${shown} is no table name: letters, digits and _, a letter or _ first, at most 128`);
  }
  if (Object.hasOwn(signalTables, name)) throw invalid(`"${name}" is a signal's table: it is written through OTLP`);
  return name;
}

function tableRequest(request: Record<string, unknown>) {
  const name = tableName(request.name);
  const type = request.table_type ?? 'append_only';
  if (type === 'primary_key') {
    throw new GrpcError(Status.UNIMPLEMENTED, 'tables that replace rows by primary key are not served yet');
  }
  if (type !== 'append_only')
    throw invalid(`table_type ${JSON.stringify(type)} is neither append_only nor primary_key`);
  const keys = keyColumns(request.primary_key);
  const { schema, sqlTypes } = icebergColumns(arrowSchema(request, keys), keys);
  return {
    name,
    schema,
    'partition-spec': partitionSpec(request.partition_spec, schema),
    properties: {
      ...signalTableProperties,
      'signaldb.table-type': type,
      ...(typeof request.idempotency_key === 'string' && { [creationKeyProperty]: request.idempotency_key }),
      [nameMappingProperty]: JSON.stringify(nameMapping(schema)),
      ...(Object.keys(sqlTypes).length > 0 && { [sqlTypesProperty]: JSON.stringify(sqlTypes) }),
    },
  };
}

/** The columns of a primary key can't be null. */
function arrowSchema(request: Record<string, unknown>, keys: readonly string[]): Schema {
  const { schema_json: json, schema_ipc: ipc } = request;
  if (json === undefined && ipc === undefined) throw invalid('schema_json is missing');
  try {
    const schema = schemaFromJson(json ?? { schema_ipc: ipc });
    if (schema.fields.length === 0) throw invalid('the schema has no columns');
    checkNames(schema);
    return new Schema(
      schema.fields.map((f) => (keys.includes(f.name) ? new Field(f.name, f.type, false, f.metadata) : f)),
    );
  } catch (error) {
    if (error instanceof SchemaError) throw invalid(`schema_json: ${error.message}`);
    throw error;
  }
}

/** SQL compares the names of columns without case. */
function checkNames({ fields }: Schema): void {
  const names = new Map<string, string>();
  for (const { name } of fields) {
    if (name === '') throw invalid('a column has no name');
    const other = names.get(name.toLowerCase());
    if (other !== undefined)
      throw invalid(`the columns "${other}" and "${name}" are one name in SQL, which ignores case`);
    names.set(name.toLowerCase(), name);
  }
}

/** Where Flight SQL has the comment of a column. */
const remarks = 'ARROW:FLIGHT:SQL:REMARKS';

function icebergColumns(arrow: Schema, keys: readonly string[]): { schema: IcebergSchema; sqlTypes: SqlTypes } {
  let stored: ReturnType<typeof storeColumns>;
  try {
    stored = storeColumns(arrow);
  } catch (error) {
    throw invalid((error as Error).message);
  }
  const fields = stored.schema.fields.map((field, i) => {
    const doc = arrow.fields[i]!.metadata.get(remarks);
    return doc === undefined ? field : { ...field, doc };
  });
  const schema = { ...stored.schema, fields };
  const ids = keys.map((key) => {
    const column = columnByName(schema, key);
    if (!column) throw invalid(`primary_key: there is no column "${key}"`);
    if (typeof column.type !== 'string' || ['float', 'double'].includes(column.type))
      throw invalid(
        `primary_key: column "${key}" can't be part of a key: floating and nested values are not compared exactly`,
      );
    return column.id;
  });
  return {
    schema: ids.length === 0 ? schema : { ...schema, 'identifier-field-ids': ids },
    sqlTypes: stored.sqlTypes,
  };
}

function keyColumns(key: unknown): string[] {
  const names = key === undefined || key === null || key === '' ? [] : Array.isArray(key) ? key : [key];
  if (!names.every((name) => typeof name === 'string')) throw invalid('primary_key is a name or a list of names');
  return names as string[];
}

/** Transforms come as the Iceberg specification spells them, in any case, `Bucket(16)` as well as `bucket[16]`. */
function partitionSpec(json: unknown, schema: IcebergSchema): PartitionSpec {
  if (json === undefined || json === null) return { 'spec-id': 0, fields: [] };
  const fields = (json as { fields?: unknown }).fields ?? [];
  if (!Array.isArray(fields)) throw invalid('partition_spec.fields is no list');
  return {
    'spec-id': 0,
    fields: fields.map((field, i) => {
      const { source_id: sourceId, name, transform } = (field ?? {}) as Record<string, unknown>;
      const where = `partition_spec.fields[${i}]`;
      const source = schema.fields.find(({ id }) => id === sourceId);
      if (!source) throw invalid(`${where}.source_id ${JSON.stringify(sourceId)} is no column (they count from 1)`);
      const known = transformOf(transform);
      if (known === undefined) throw invalid(`${where}.transform ${JSON.stringify(transform)} is not known`);
      const partitionName =
        typeof name === 'string' && name !== '' ? name : `${source.name}_${known.replace(/\W+/g, '_')}`;
      return { 'source-id': source.id, 'field-id': 1000 + i, name: partitionName, transform: known };
    }),
  };
}

function transformOf(transform: unknown): string | undefined {
  if (typeof transform !== 'string') return undefined;
  const [, name, width] = /^\s*(\w+)\s*(?:[([]\s*(\d+)\s*[)\]])?\s*$/.exec(transform.toLowerCase()) ?? [];
  if (name === 'bucket' || name === 'truncate') return Number(width) > 0 ? `${name}[${width}]` : undefined;
  const plain = ['identity', 'year', 'month', 'day', 'hour'];
  return width === undefined && name !== undefined && plain.includes(name) ? name : undefined;
}

function invalid(message: string): GrpcError {
  return new GrpcError(Status.INVALID_ARGUMENT, message);
}

const statusOf: Partial<Record<CatalogError['code'], number>> = {
  AlreadyExistsException: Status.ALREADY_EXISTS,
  NoSuchTableException: Status.NOT_FOUND,
  NoSuchNamespaceException: Status.NOT_FOUND,
  BadRequestException: Status.INVALID_ARGUMENT,
  ValidationException: Status.INVALID_ARGUMENT,
  UnprocessableEntityException: Status.INVALID_ARGUMENT,
  CommitFailedException: Status.ABORTED,
};

async function orGrpcError<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isCatalogError(error)) throw error;
    throw new GrpcError(statusOf[error.code] ?? Status.UNAVAILABLE, error.message, undefined, { cause: error });
  }
}
