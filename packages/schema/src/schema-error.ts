/** A schema that can't be read or isn't supported; `path` names the field, as in `fields[2].type`. */
export class SchemaError extends Error {
  readonly code = 'INVALID_SCHEMA';
  readonly path: string;

  constructor(path: string, message: string) {
    super(path === '' ? message : `${path}: ${message}`);
    this.name = 'SchemaError';
    this.path = path;
  }
}
