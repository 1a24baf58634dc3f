import type { DatabaseSettings, Parameter, SqlPosition, SyntaxTree } from '@signaldb/duckdb';

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
    }
  | {
      readonly type: 'describe';
      readonly id: number;
      readonly views: readonly string[];
      readonly statements: readonly string[];
    }
  /** A batch was taken: another may come. */
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
  | { readonly type: 'parsed'; readonly id: number; readonly tree: SyntaxTree }
  | { readonly type: 'described'; readonly id: number; readonly descriptions: readonly DescriptionParts[] }
  | { readonly type: 'schema'; readonly id: number; readonly statementType: string; readonly schema: Uint8Array }
  /** A batch as an Arrow stream. */
  | { readonly type: 'batch'; readonly id: number; readonly stream: Uint8Array }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorParts }
  /** It takes more memory than it may, and ends. */
  | { readonly type: 'memory' };

/** Batches on their way at once. */
export const batchesUnderway = 2;
