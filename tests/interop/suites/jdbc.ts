import assert from 'node:assert/strict';
import { join } from 'node:path';
import { addFlightService } from '@signaldb/flight';
import { createFlightSqlService } from '@signaldb/flight-sql';
import { createGrpcServer } from '@signaldb/grpc';
import { toyHandlers } from '../../../packages/flight-sql/src/testing/toy-handlers.ts';
import { mavenJar, runJava } from '../java-tool.ts';
import type { SuiteContext } from '../suite.ts';

/** The Flight SQL JDBC driver, as DBeaver uses it, against packages/flight-sql: statements, and every metadata getter. */
export const name = 'jdbc';

const source = join(import.meta.dirname, '../java/JdbcChecks.java');

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const jar = await mavenJar(cacheDir, 'org.apache.arrow:flight-sql-jdbc-driver:18.3.0', log);
  for (const kind of ['read-only', 'writable'] as const) {
    const stopped = Promise.withResolvers<void>();
    const { handlers, log: statements } = toyHandlers({ writable: kind === 'writable', onStop: stopped.resolve });
    const server = createGrpcServer();
    addFlightService(server, createFlightSqlService(handlers));
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      const output = await runJava(jar, source, [String(port), kind]);
      assert.match(output, /"jdbc": "ok"/);
      await stopped.promise;
      const writes = statements.filter((statement) => /^(TOUCH|SET)/.test(statement));
      assert.deepEqual(writes, kind === 'writable' ? ['TOUCH 7', 'SET ? [1]', 'SET ? [2]'] : []);
      log(`${kind}: statements, parameters, metadata with all getters, cancellation`);
    } finally {
      await server.close({ graceMs: 0 });
    }
  }
}
