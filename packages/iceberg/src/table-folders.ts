import type { ObjectStore } from '@signaldb/object-store';
import { CatalogError } from './catalog-error.ts';

/** Which folders of the object store belong to which tables: `<prefix>/<namespace>/<table>-<8 hex digits>`. */
export interface TableFolders {
  /** A new table's location: `wanted`, if it lies in the namespace's folder, or one that nobody else has. */
  locationOf(namespace: string, table: string, uuid: string, wanted?: string): string;
  /** Throws ForbiddenException for what lies outside of the namespace's folder: tenants don't share files. */
  checkLocation(namespace: string, location: string): void;
  /** Deletes everything below a location. */
  purge(namespace: string, location: string): Promise<void>;
}

const nameBytesMax = 255;
const purgeBatch = 500;

/** Throws BadRequestException for a name that can't be one of a namespace or table. */
export function checkName(name: unknown, what: 'namespace' | 'table'): asserts name is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const hostile = /[\x00-\x1f\x7f]/;
  if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) > nameBytesMax || hostile.test(name)) {
    throw new CatalogError('BadRequestException', `Invalid ${what} name: ${JSON.stringify(name)}`);
  }
  if (what === 'namespace' && !/^(?!\.+$)[A-Za-z0-9_.-]{1,64}$/.test(name)) {
    throw new CatalogError(
      'BadRequestException',
      `Invalid namespace name: ${name} (1 to 64 of A-Z a-z 0-9 _ . -, one level)`,
    );
  }
}

export function createTableFolders(store: ObjectStore, prefix: string): TableFolders {
  const folderOf = (namespace: string) => (prefix === '' ? `${namespace}/` : `${prefix}/${namespace}/`);
  const keyIn = (namespace: string, location: string): string => {
    let key: string | undefined;
    try {
      key = store.keyOf(location);
    } catch {
      // not a URI of this store: refused below
    }
    if (key?.startsWith(folderOf(namespace)) && key.length > folderOf(namespace).length) return key;
    const home = store.uri(folderOf(namespace).slice(0, -1));
    throw new CatalogError('ForbiddenException', `Location ${location} lies outside of the namespace's folder ${home}`);
  };
  return {
    locationOf(namespace, table, uuid, wanted) {
      if (wanted === undefined || wanted === null) {
        const name = table.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64);
        return store.uri(`${folderOf(namespace)}${name}-${uuid.slice(0, 8)}`);
      }
      const location = wanted.replace(/\/+$/, '');
      keyIn(namespace, location);
      return location;
    },
    checkLocation: (namespace, location) => void keyIn(namespace, location),
    async purge(namespace, location) {
      const keys: string[] = [];
      for await (const { key } of store.list(`${keyIn(namespace, location)}/`)) {
        keys.push(key);
        if (keys.length === purgeBatch) await store.delete(keys.splice(0));
      }
      if (keys.length > 0) await store.delete(keys);
    },
  };
}
