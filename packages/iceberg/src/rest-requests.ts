import type { CommitRequest } from './catalog.ts';
import { CatalogError } from './catalog-error.ts';
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

/** The lists are checked here, what is in them where it is applied. */
export function expectCommit(body: Record<string, unknown>): CommitRequest {
  const requirements = expectArray(body.requirements ?? []).map(expectObject);
  const updates = expectArray(body.updates ?? []).map(expectObject);
  for (const { type } of requirements) expectText(type);
  for (const { action } of updates) expectText(action);
  return {
    requirements: requirements as unknown as TableRequirement[],
    updates: updates as unknown as TableUpdate[],
  };
}

function malformed(wanted: string, found: unknown): CatalogError {
  const shown = found === undefined ? 'nothing' : JSON.stringify(found)?.slice(0, 80);
  return new CatalogError('BadRequestException', `Malformed request: expected ${wanted}, found ${shown}`);
}
