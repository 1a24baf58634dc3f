import { type DatabaseSettings, DuckDbError, type Parameter, type SqlPosition } from '@signaldb/duckdb';

/** A statement that is run once for each row of parameters. */
export interface StatementRun {
  readonly sql: string;
  readonly params: readonly (readonly Parameter[])[];
}

/** What is run on a query's connection before it. */
export interface FirstRuns {
  readonly runs: readonly StatementRun[];
  /** A query whose rows are wanted whole, as JSON has them. */
  readonly inspect?: string | undefined;
}

/** What the process that runs a tenant's SQL is told. Every message but the first and the last belongs to a call. */
export type ToProcess =
  | { readonly type: 'open'; readonly settings: DatabaseSettings; readonly residentBytesMax: number }
  | { readonly type: 'parse'; readonly id: number; readonly sql: string }
  | {
      readonly type: 'query';
      readonly id: number;
      readonly views: readonly string[];
      readonly sql: string;
      readonly params: readonly Parameter[];
      /** Of the file of rows; nobody else's until the query is over. */
      readonly lane: number;
      readonly first?: FirstRuns | undefined;
    }
  | {
      readonly type: 'describe';
      readonly id: number;
      readonly views: readonly string[];
      readonly statements: readonly string[];
    }
  /** A slot was read: it may be filled again. */
  | { readonly type: 'taken'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number };

/** An error of DuckDB in parts. */
export interface ErrorParts {
  readonly kind: string;
  readonly message: string;
  readonly position?: SqlPosition;
  readonly details: Readonly<Record<string, string>>;
}

/** Schemas are serialized as Flight has them. */
export interface DescriptionParts {
  readonly statementType: string;
  readonly schema: Uint8Array;
  readonly parameters: Uint8Array;
}

/** What it answers. */
export type FromProcess =
  | { readonly type: 'parsed'; readonly id: number; readonly tree: string }
  | { readonly type: 'described'; readonly id: number; readonly descriptions: readonly DescriptionParts[] }
  /** The rows of what was to be inspected. */
  | { readonly type: 'inspected'; readonly id: number; readonly rows: readonly unknown[] }
  /** The schema as a Flight message. */
  | { readonly type: 'schema'; readonly id: number; readonly statementType: string; readonly schema: Uint8Array }
  /** Flight's messages of a batch are in a slot of the query's lane. */
  | { readonly type: 'batch'; readonly id: number; readonly slot: number; readonly lengths: readonly number[] }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorParts }
  /** It takes more memory than it may, and ends. */
  | { readonly type: 'memory' };

/** Where the process finds the file for its rows: see row-slots.ts. */
export const rowsFd = 4;

/** An error in parts; what is no error of DuckDB's becomes `Unknown`. */
export function errorParts(error: unknown): ErrorParts {
  if (error instanceof DuckDbError) {
    const { kind, message, position, details } = error;
    return { kind, message, details, ...(position && { position }) };
  }
  return { kind: 'Unknown', message: error instanceof Error ? error.message : String(error), details: {} };
}
