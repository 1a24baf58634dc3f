import type { Catalog } from './catalog.ts';
import { CatalogError } from './catalog-error.ts';
import type { PointerStore } from './pointers.ts';
import { checkName } from './table-folders.ts';
import type { Properties } from './table-metadata.ts';

type NamespaceCalls = Pick<
  Catalog,
  | 'listNamespaces'
  | 'createNamespace'
  | 'loadNamespace'
  | 'namespaceExists'
  | 'dropNamespace'
  | 'updateNamespaceProperties'
  | 'listTables'
>;

/** The part of a catalog that is about namespaces. */
export function namespaceCalls(pointers: PointerStore): NamespaceCalls {
  const load = async (namespace: string): Promise<Properties> => {
    const properties = await pointers.namespaceProperties(namespace);
    if (properties === undefined) throw noSuchNamespace(namespace);
    return properties;
  };
  return {
    listNamespaces: () => pointers.listNamespaces(),
    async createNamespace(namespace, properties = {}) {
      checkName(namespace, 'namespace');
      if (await pointers.createNamespace(namespace, properties)) return properties;
      throw new CatalogError('AlreadyExistsException', `Namespace already exists: ${namespace}`);
    },
    loadNamespace: load,
    namespaceExists: async (namespace) => (await pointers.namespaceProperties(namespace)) !== undefined,
    async dropNamespace(namespace) {
      const outcome = await pointers.dropNamespace(namespace);
      if (outcome === 'missing') throw noSuchNamespace(namespace);
      if (outcome === 'dropped') return;
      throw new CatalogError('NamespaceNotEmptyException', `Namespace ${namespace} is not empty`);
    },
    async updateNamespaceProperties(namespace, { removals = [], updates = {} }) {
      const both = removals.find((key) => key in updates);
      if (both !== undefined) {
        throw new CatalogError('UnprocessableEntityException', `Property ${both} is both set and removed`);
      }
      const properties = await load(namespace);
      const kept = Object.entries(properties).filter(([key]) => !removals.includes(key));
      if (!(await pointers.setNamespaceProperties(namespace, { ...Object.fromEntries(kept), ...updates }))) {
        throw noSuchNamespace(namespace);
      }
      return {
        updated: Object.keys(updates),
        removed: removals.filter((key) => key in properties),
        missing: removals.filter((key) => !(key in properties)),
      };
    },
    async listTables(namespace) {
      await load(namespace);
      return pointers.list(namespace);
    },
  };
}

const noSuchNamespace = (namespace: string) =>
  new CatalogError('NoSuchNamespaceException', `Namespace does not exist: ${namespace}`);
