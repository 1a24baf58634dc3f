/** The exceptions of Iceberg's Java library that clients tell apart, with the HTTP status of each. */
export const catalogErrorStatus = {
  BadRequestException: 400,
  ValidationException: 400,
  NotAuthorizedException: 401,
  ForbiddenException: 403,
  NoSuchNamespaceException: 404,
  NoSuchTableException: 404,
  NoSuchEndpointException: 404,
  UnsupportedOperationException: 406,
  AlreadyExistsException: 409,
  NamespaceNotEmptyException: 409,
  /** Somebody else was faster: nothing was changed, load the table and try again. */
  CommitFailedException: 409,
  UnprocessableEntityException: 422,
  InternalServerError: 500,
  /** Whether the commit took effect isn't known: load the table and look. */
  CommitStateUnknownException: 500,
  ServiceUnavailableException: 503,
} as const;

export type CatalogErrorCode = keyof typeof catalogErrorStatus;

/** Any failure of a catalog call. `code` is the Java exception's name, as error bodies carry it in `type`. */
export class CatalogError extends Error {
  readonly code: CatalogErrorCode;
  readonly status: number;

  constructor(
    code: CatalogErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly status?: number },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CatalogError';
    this.code = code;
    this.status = options?.status ?? catalogErrorStatus[code];
  }
}

export function isCatalogError(error: unknown, code?: CatalogErrorCode): error is CatalogError {
  return error instanceof CatalogError && (code === undefined || error.code === code);
}
