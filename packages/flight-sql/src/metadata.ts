import type { CallContext } from '@signaldb/flight';
import type { Schema } from 'apache-arrow';
import type { SqlType } from './xdbc-types.ts';

export interface SchemaEntry {
  readonly catalog?: string;
  readonly schema: string;
}

export interface TableEntry {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table: string;
  /** `TABLE`, `VIEW`, … */
  readonly type: string;
  /** The table's columns, with `withColumnMetadata` where more is known of them. Needed only where the filter asks for it. */
  readonly columns?: Schema;
}

/** What is asked for; an implementation may answer more, it is filtered again. Patterns are those of LIKE. */
export interface TableFilter {
  /** Absent: any; empty: tables without a catalog. */
  readonly catalog?: string | undefined;
  readonly schemaPattern?: string | undefined;
  readonly tablePattern?: string | undefined;
  readonly types: readonly string[];
  readonly includeColumns: boolean;
}

/** A table as it is asked for: an absent catalog or schema is any, an empty one is none. */
export interface TableName {
  readonly catalog?: string | undefined;
  readonly schema?: string | undefined;
  readonly table: string;
}

export interface PrimaryKeyColumn {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table: string;
  readonly column: string;
  /** From 1 on. */
  readonly sequence: number;
  readonly keyName?: string;
}

export interface KeyColumn {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table: string;
  readonly column: string;
}

/** What becomes of a foreign key's rows when the row that they point at is changed or goes. */
export type ForeignKeyRule = 'CASCADE' | 'RESTRICT' | 'SET_NULL' | 'NO_ACTION' | 'SET_DEFAULT';

/** One column of a foreign key, and the column that it points at. */
export interface ForeignKeyColumn {
  /** What is pointed at. */
  readonly primary: KeyColumn;
  /** What points. */
  readonly foreign: KeyColumn;
  /** From 1 on. */
  readonly sequence: number;
  readonly foreignKeyName?: string;
  readonly primaryKeyName?: string;
  /** Default NO_ACTION. */
  readonly updateRule?: ForeignKeyRule;
  readonly deleteRule?: ForeignKeyRule;
}

/** What there is. Answers may come in any order; they are filtered and sorted as the protocol asks. */
export interface SqlMetadata {
  catalogs(context: CallContext): Promise<readonly string[]>;
  schemas(context: CallContext): Promise<readonly SchemaEntry[]>;
  tables(filter: TableFilter, context: CallContext): Promise<readonly TableEntry[]>;
  /** Default: TABLE and VIEW. */
  tableTypes?(context: CallContext): Promise<readonly string[]>;
  /** The types that SQL has here. Default: those of a modern analytical engine. */
  readonly types?: readonly SqlType[];
  /** Of the tables of that name. Default: none. */
  primaryKeys?(table: TableName, context: CallContext): Promise<readonly PrimaryKeyColumn[]>;
  /** Those that point at `primary` (where given) from `foreign` (where given). Default: none. */
  foreignKeys?(
    tables: { readonly primary?: TableName; readonly foreign?: TableName },
    context: CallContext,
  ): Promise<readonly ForeignKeyColumn[]>;
}
