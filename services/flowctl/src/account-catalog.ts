import { type Account, mayName } from '@signaldb/access';
import { type Catalog, CatalogError, type CommitRequest } from '@signaldb/iceberg';

/**
 * A catalog as an account sees it: a namespace is a tenant, those of others aren't there, and who may only read changes nothing.
 * Throws ForbiddenException where a namespace is named that the account may not use, and for changes it may not make.
 */
export function catalogOf(catalog: Catalog, account: Account): Catalog {
  const own = (namespace: string): string => {
    if (mayName(account, namespace)) return namespace;
    throw new CatalogError('ForbiddenException', `"${account.name}" may not use the namespace "${namespace}"`);
  };
  const changing = (namespace: string): string => {
    own(namespace);
    if (account.write) return namespace;
    throw new CatalogError('ForbiddenException', `"${account.name}" may only read`);
  };
  /**
   * A snapshot has to lie with the tenant's own tables: nobody reads the files of others through a table of theirs. Who can write
   * to the object store itself needs no catalog for that; this is for those who can't.
   */
  const checkSnapshots = async (namespace: string, table: string, { updates }: CommitRequest): Promise<void> => {
    const lists = updates.flatMap((update) =>
      update.action === 'add-snapshot' ? [update.snapshot['manifest-list'] ?? ''] : [],
    );
    if (lists.length === 0) return;
    const location = (await catalog.tableExists(namespace, table))
      ? (await catalog.loadTable(namespace, table)).metadata.location
      : updates.findLast((update) => update.action === 'set-location')?.location;
    const home = location?.replace(/[^/]+\/?$/, '');
    for (const list of lists) {
      if (!home || !list.startsWith(home) || /\/\.{0,2}\//.test(list.slice(home.length - 1)))
        throw new CatalogError(
          'ForbiddenException',
          `The snapshot's manifest list ${list} isn't among the tenant's files`,
        );
    }
  };
  return {
    config: () => catalog.config(),
    listNamespaces: async () => (await catalog.listNamespaces()).filter((namespace) => mayName(account, namespace)),
    createNamespace: async (namespace, properties) => catalog.createNamespace(changing(namespace), properties),
    loadNamespace: async (namespace) => catalog.loadNamespace(own(namespace)),
    namespaceExists: async (namespace) => catalog.namespaceExists(own(namespace)),
    dropNamespace: async (namespace) => catalog.dropNamespace(changing(namespace)),
    updateNamespaceProperties: async (namespace, update) =>
      catalog.updateNamespaceProperties(changing(namespace), update),
    listTables: async (namespace) => catalog.listTables(own(namespace)),
    loadTable: async (namespace, table) => catalog.loadTable(own(namespace), table),
    createTable: async (namespace, request) => catalog.createTable(changing(namespace), request),
    async commitTable(namespace, table, request) {
      await checkSnapshots(changing(namespace), table, request);
      return catalog.commitTable(namespace, table, request);
    },
    dropTable: async (namespace, table, options) => catalog.dropTable(changing(namespace), table, options),
    tableExists: async (namespace, table) => catalog.tableExists(own(namespace), table),
    async renameTable(from, to) {
      changing(from.namespace);
      changing(to.namespace);
      await catalog.renameTable(from, to);
    },
    registerTable: async (namespace, name, location) => catalog.registerTable(changing(namespace), name, location),
    async commitTransaction(commits) {
      for (const { identifier, ...request } of commits)
        await checkSnapshots(changing(identifier.namespace), identifier.name, request);
      await catalog.commitTransaction(commits);
    },
  };
}
