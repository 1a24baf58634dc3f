import type { TableName } from './metadata.ts';

/** Whether a name is the one asked for. Absent: any. Empty: those without one. */
export function isNamed(name: string | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || (name ?? '') === wanted;
}

/** Whether something stands in the table asked for. */
export function isTable(found: TableName, wanted: TableName): boolean {
  return found.table === wanted.table && isNamed(found.catalog, wanted.catalog) && isNamed(found.schema, wanted.schema);
}

/** By code unit, those that are absent first. */
export function compareTexts(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
