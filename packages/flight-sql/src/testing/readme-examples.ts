import { addFlightService, connectFlight, openHandshake } from '@signaldb/flight';
import { createFlightSqlClient, createFlightSqlService, createHmacSeal, fixedSessions } from '@signaldb/flight-sql';
import { createGrpcServer } from '@signaldb/grpc';
import type { RecordBatch, Schema } from 'apache-arrow';

/** What the README's examples suppose: an engine, and a secret that the servers of a cluster share. */
interface Engine {
  describe(sql: string): Promise<{ rows?: Schema; parameters?: Schema }>;
  stream(
    sql: string,
    parameters: RecordBatch | undefined,
    signal: AbortSignal,
  ): Promise<{ schema: Schema; batches: AsyncIterable<RecordBatch> }>;
  change(sql: string, parameters: RecordBatch | undefined): Promise<number>;
  tables(): Promise<{ table: string; columns: Schema }[]>;
}

export async function serve(engine: Engine, key: Uint8Array): Promise<void> {
  // #region server
  const service = createFlightSqlService(
    {
      // What a statement is, without running it. No `schema`: it is no query.
      prepare: async (sql) => {
        const { rows, parameters } = await engine.describe(sql);
        return { ...(rows && { schema: rows }), ...(parameters && { parameters }) };
      },
      query: ({ sql, parameters }, { signal }) => engine.stream(sql, parameters, signal), // { schema, batches }
      update: ({ sql, parameters }) => engine.change(sql, parameters), // rows affected
      metadata: {
        catalogs: async () => ['main'],
        schemas: async () => [{ catalog: 'main', schema: 'default' }],
        tables: async () => {
          const tables = await engine.tables();
          return tables.map(({ table, columns }) => ({
            catalog: 'main',
            schema: 'default',
            table,
            type: 'TABLE',
            columns,
          }));
        },
      },
      sessions: fixedSessions({ catalog: 'main', schema: 'default' }),
    },
    {
      seal: createHmacSeal({ key, lifetimeMs: 3_600_000 }),
      server: { name: 'mine', version: '1.0.0' },
      fallback: { handshake: openHandshake() }, // for drivers that log in all the same; withAuthentication knows its callers
    },
  );
  const server = createGrpcServer();
  addFlightService(server, service);
  await server.listen({ host: '127.0.0.1', port: 8082 });
  // #endregion
}

export async function ask(ids: RecordBatch, schema: Schema, rows: AsyncIterable<RecordBatch>): Promise<void> {
  // #region client
  const client = connectFlight('grpc://localhost:8082');
  const sql = createFlightSqlClient(client);

  const people = await sql.query('SELECT * FROM people'); // its schema is known before the first row
  for await (const batch of people) console.log(batch.toArray());

  const byId = await sql.prepare('SELECT name FROM people WHERE id = ?');
  for await (const batch of await byId.query(ids)) console.log(batch.toArray()); // once for each row of `ids`

  await sql.ingest({ table: 'copies', mode: 'create_append' }, schema, rows);

  const transaction = await sql.begin(); // UNIMPLEMENTED where the server has none
  await sql.update('DELETE FROM copies', { transaction });
  await transaction.commit();
  await client.close();
  // #endregion
}
