import type { CommitRequest, CreateTableRequest } from './catalog.ts';
import { CatalogError } from './catalog-error.ts';
import { type Long, stringifyJson } from './json.ts';
import type { TableUpdate } from './metadata-updates.ts';
import type { TableRequirement } from './requirements.ts';
import type { Properties } from './table-metadata.ts';

/** Checks of request bodies: each gives back its argument, or throws BadRequestException. */
export function expectObject(value: unknown): Record<string, unknown> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed('an object', value);
}

export function expectArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed('a list', value);
}

export function expectText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw malformed('a text', value);
}

export function expectTextMap(value: unknown): Properties {
  return Object.fromEntries(Object.entries(expectObject(value)).map(([key, text]) => [key, expectText(text)]));
}

export function expectIdentifier(value: unknown): { readonly namespace: readonly string[]; readonly name: string } {
  const { namespace, name } = expectObject(value);
  return { namespace: expectArray(namespace).map(expectText), name: expectText(name) };
}

export function expectInteger(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw malformed('an integer', value);
}

/** A 64-bit integer. */
export function expectLong(value: unknown): Long {
  return typeof value === 'bigint' ? value : expectInteger(value);
}

export function expectCommit(body: Record<string, unknown>): CommitRequest {
  const requirements = expectArray(body.requirements ?? []).map(expectObject);
  const updates = expectArray(body.updates ?? []).map(expectObject);
  for (const { type } of requirements) expectText(type);
  for (const update of updates) checkUpdate(update);
  return {
    requirements: requirements as unknown as TableRequirement[],
    updates: updates as unknown as TableUpdate[],
  };
}

/** As clients send it: what is absent may also be null. */
export function expectCreateTable(body: Record<string, unknown>): CreateTableRequest {
  const present = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
  checkShape(present, { name: expectText, schema: expectObject });
  for (const [key, expect] of Object.entries(createShape)) if (key in present) expect(present[key]);
  return present as unknown as CreateTableRequest;
}

type Shape = Readonly<Record<string, (value: unknown) => unknown>>;

const listOf = (expect: (value: unknown) => unknown) => (value: unknown) => expectArray(value).map(expect);
const shaped = (shape: Shape) => (value: unknown) => checkShape(expectObject(value), shape);

const snapshotShape: Shape = {
  'snapshot-id': expectLong,
  'sequence-number': expectInteger,
  'timestamp-ms': expectInteger,
  'manifest-list': expectText,
  summary: shaped({ operation: expectText }),
};
const partitionField = shaped({ 'source-id': expectInteger, name: expectText, transform: expectText });
const sortField = shaped({
  'source-id': expectInteger,
  transform: expectText,
  direction: expectText,
  'null-order': expectText,
});
const createShape: Shape = {
  'partition-spec': shaped({ fields: listOf(partitionField) }),
  'write-order': shaped({ fields: listOf(sortField) }),
  location: expectText,
  properties: expectTextMap,
};
const statistics = shaped({ 'snapshot-id': expectLong, 'statistics-path': expectText });

/** What an update has to have to be applied at all; whether it can be is seen then. */
const updateShapes: Readonly<Record<string, Shape>> = {
  'assign-uuid': { uuid: expectText },
  'upgrade-format-version': { 'format-version': expectInteger },
  'add-schema': { schema: expectObject },
  'set-current-schema': { 'schema-id': expectInteger },
  'remove-schemas': { 'schema-ids': listOf(expectInteger) },
  'add-spec': { spec: shaped({ fields: listOf(partitionField) }) },
  'set-default-spec': { 'spec-id': expectInteger },
  'remove-partition-specs': { 'spec-ids': listOf(expectInteger) },
  'add-sort-order': { 'sort-order': shaped({ fields: listOf(sortField) }) },
  'set-default-sort-order': { 'sort-order-id': expectInteger },
  'add-snapshot': { snapshot: shaped(snapshotShape) },
  'set-snapshot-ref': { 'ref-name': expectText, 'snapshot-id': expectLong, type: expectText },
  'remove-snapshots': { 'snapshot-ids': listOf(expectLong) },
  'remove-snapshot-ref': { 'ref-name': expectText },
  'set-location': { location: expectText },
  'set-properties': { updates: expectTextMap },
  'remove-properties': { removals: listOf(expectText) },
  'set-statistics': { statistics },
  'remove-statistics': { 'snapshot-id': expectLong },
  'set-partition-statistics': { 'partition-statistics': statistics },
  'remove-partition-statistics': { 'snapshot-id': expectLong },
};

function checkUpdate(update: Record<string, unknown>): void {
  const action = expectText(update.action);
  if (Object.hasOwn(updateShapes, action)) checkShape(update, updateShapes[action]!);
}

function checkShape(value: Record<string, unknown>, shape: Shape): void {
  for (const [key, expect] of Object.entries(shape)) expect(value[key]);
}

function malformed(wanted: string, found: unknown): CatalogError {
  const shown = found === undefined ? 'nothing' : stringifyJson(found)?.slice(0, 80);
  return new CatalogError('BadRequestException', `Malformed request: expected ${wanted}, found ${shown}`);
}
