import type { SqlMetadata } from '@signaldb/flight-sql';
import type { QuerierSource } from '../querier-pool.ts';
import { catalogName as catalog } from './call-tenant.ts';
import { tables } from './querier-sql.ts';

/** What drivers are told of one tenant: a schema of the one catalog. */
export function tenantMetadata(tenant: string, source: QuerierSource): SqlMetadata {
  return {
    catalogs: async () => [catalog],
    schemas: async () => [{ catalog, schema: tenant }],
    async tables(_filter, context) {
      const found = await tables(source, tenant, context.signal);
      return found.map(({ name, type, columns }) => ({ catalog, schema: tenant, table: name, type, columns }));
    },
    async primaryKeys(wanted, context) {
      const found = await tables(source, tenant, context.signal);
      return found
        .filter(({ name }) => name === wanted.table)
        .flatMap(({ name, primaryKey }) =>
          primaryKey.map((column, i) => ({
            catalog,
            schema: tenant,
            table: name,
            column,
            sequence: i + 1,
            keyName: `${name}_pkey`,
          })),
        );
    },
  };
}
