import { CatalogError } from './catalog-error.ts';
import type { Long } from './json.ts';
import type { TableMetadata } from './table-metadata.ts';

/** What a commit expects to find. https://iceberg.apache.org/rest-catalog-spec (TableRequirement) */
export type TableRequirement =
  | { readonly type: 'assert-create' }
  | { readonly type: 'assert-table-uuid'; readonly uuid: string }
  | { readonly type: 'assert-ref-snapshot-id'; readonly ref: string; readonly 'snapshot-id': Long | null }
  | { readonly type: 'assert-last-assigned-field-id'; readonly 'last-assigned-field-id': number }
  | { readonly type: 'assert-current-schema-id'; readonly 'current-schema-id': number }
  | { readonly type: 'assert-last-assigned-partition-id'; readonly 'last-assigned-partition-id': number }
  | { readonly type: 'assert-default-spec-id'; readonly 'default-spec-id': number }
  | { readonly type: 'assert-default-sort-order-id'; readonly 'default-sort-order-id': number };

/** Throws CommitFailedException at the first requirement that the table (undefined: there is none) doesn't meet. */
export function checkRequirements(
  metadata: TableMetadata | undefined,
  requirements: readonly TableRequirement[],
): void {
  for (const requirement of requirements) checkRequirement(metadata, requirement);
}

type Checks = {
  readonly [T in Exclude<TableRequirement['type'], 'assert-create'>]: (
    metadata: TableMetadata,
    requirement: Extract<TableRequirement, { type: T }>,
  ) => void;
};

const checks: Checks = {
  'assert-table-uuid': (metadata, { uuid }) =>
    expectSame('UUID', String(uuid).toLowerCase(), metadata['table-uuid'].toLowerCase()),
  'assert-ref-snapshot-id': (metadata, { ref, 'snapshot-id': id }) => checkRef(metadata, ref, id ?? null),
  'assert-last-assigned-field-id': (metadata, { 'last-assigned-field-id': id }) =>
    expectSame('last assigned field id', id, metadata['last-column-id']),
  'assert-current-schema-id': (metadata, { 'current-schema-id': id }) =>
    expectSame('current schema', id, metadata['current-schema-id']),
  'assert-last-assigned-partition-id': (metadata, { 'last-assigned-partition-id': id }) =>
    expectSame('last assigned partition id', id, metadata['last-partition-id']),
  'assert-default-spec-id': (metadata, { 'default-spec-id': id }) =>
    expectSame('default partition spec', id, metadata['default-spec-id']),
  'assert-default-sort-order-id': (metadata, { 'default-sort-order-id': id }) =>
    expectSame('default sort order', id, metadata['default-sort-order-id']),
};

function checkRequirement(metadata: TableMetadata | undefined, requirement: TableRequirement): void {
  if (requirement.type === 'assert-create') {
    if (metadata) throw new CatalogError('CommitFailedException', 'Requirement failed: table already exists');
    return;
  }
  if (!Object.hasOwn(checks, requirement.type)) {
    throw new CatalogError('BadRequestException', `Unknown requirement type: ${requirement.type}`);
  }
  if (!metadata) throw new CatalogError('CommitFailedException', 'Requirement failed: the table does not exist');
  const check = checks[requirement.type] as (metadata: TableMetadata, requirement: TableRequirement) => void;
  check(metadata, requirement);
}

function checkRef(metadata: TableMetadata, name: string, expected: Long | null): void {
  const found = metadata.refs[name]?.['snapshot-id'] ?? null;
  if (found === expected) return;
  const kind = metadata.refs[name]?.type ?? 'ref';
  const reason =
    expected === null
      ? `${kind} ${name} was created concurrently`
      : found === null
        ? `${kind} ${name} is missing, expected ${expected}`
        : `${kind} ${name} has changed: expected id ${expected} != ${found}`;
  throw new CatalogError('CommitFailedException', `Requirement failed: ${reason}`);
}

function expectSame(what: string, expected: unknown, found: unknown): void {
  if (expected === found) return;
  throw new CatalogError(
    'CommitFailedException',
    `Requirement failed: ${what} has changed: expected ${expected} != ${found}`,
  );
}
