/** A schema that can't be expressed or a change that would break what is stored. */
export class SchemaError extends Error {
  readonly code: 'UNSUPPORTED_TYPE' | 'INCOMPATIBLE_CHANGE' | 'DUPLICATE_NAME';

  constructor(code: SchemaError['code'], message: string) {
    super(message);
    this.name = 'SchemaError';
    this.code = code;
  }
}
