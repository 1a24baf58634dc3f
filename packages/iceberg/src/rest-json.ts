import type { LoadTableResult } from './catalog.ts';
import { CatalogError, type CatalogErrorCode, catalogErrorStatus } from './catalog-error.ts';
import { parseJson } from './json.ts';
import { asTableMetadata } from './table-metadata.ts';

/** The body of every error of the REST protocol. */
export interface ErrorBody {
  readonly error: { readonly message: string; readonly type: string; readonly code: number };
}

export function errorBody(error: CatalogError): ErrorBody {
  return { error: { message: error.message, type: error.code, code: error.status } };
}

/** The error that an answer tells of. A status that no catalog sent (a proxy's 502) is one of its class. */
export function errorOfAnswer(status: number, body: string): CatalogError {
  const { message, type } = detailsOf(body);
  const known = type !== undefined && Object.hasOwn(catalogErrorStatus, type);
  const code = known ? (type as CatalogErrorCode) : codeOfStatus(status);
  return new CatalogError(code, message ?? `The catalog answered ${status}`, { status });
}

function detailsOf(body: string): { message?: string; type?: string } {
  try {
    return (JSON.parse(body) as Partial<ErrorBody>).error ?? {};
  } catch {
    return {};
  }
}

function codeOfStatus(status: number): CatalogErrorCode {
  if (status === 401) return 'NotAuthorizedException';
  if (status === 403) return 'ForbiddenException';
  if (status === 404) return 'NoSuchEndpointException';
  if (status === 406) return 'UnsupportedOperationException';
  if (status === 409) return 'CommitFailedException';
  if (status === 503) return 'ServiceUnavailableException';
  return status < 500 ? 'BadRequestException' : 'InternalServerError';
}

/** Throws BadRequestException. */
export function parseBody(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    throw new CatalogError('BadRequestException', 'The request body is not valid JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new CatalogError('BadRequestException', 'The request body is not a JSON object');
  }
  return value as Record<string, unknown>;
}

export function parseLoadTableResult(body: string): LoadTableResult {
  const read = parseBody(body) as unknown as LoadTableResult;
  return { ...read, metadata: asTableMetadata(read.metadata) };
}
