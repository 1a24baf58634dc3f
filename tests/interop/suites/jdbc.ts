import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openExampleServer } from '../flight/example-server.ts';
import { mavenJar, runJava } from '../java-tool.ts';
import type { SuiteContext } from '../suite.ts';

/** The Flight SQL JDBC driver, as DBeaver uses it, against packages/flight-sql before a database. */
export const name = 'jdbc';

const source = join(import.meta.dirname, '../java/JdbcChecks.java');

export async function run({ cacheDir, log }: SuiteContext): Promise<void> {
  const jar = await mavenJar(cacheDir, 'org.apache.arrow:flight-sql-jdbc-driver:18.3.0', log);
  for (const kind of ['read-only', 'writable', 'secured'] as const) {
    const server = await openExampleServer({ writable: kind === 'writable', secured: kind === 'secured' });
    try {
      assert.match(await runJava(jar, source, [String(server.port), kind]), /"jdbc": "ok"/);
      await server.settle();
      log(kind === 'secured' ? `${kind}: user and password, token, wrong ones and none` : `${kind}: ${checked}`);
    } finally {
      await server.close();
    }
  }
}

const checked =
  'statements, every type, parameters, the tree of DBeaver, all getters, writes, cancellation, 50 connections';
