import { Field } from 'apache-arrow';

/**
 * Keys of a field's metadata in the schemas of GetTables, GetSchema and results: what drivers tell of a column.
 * https://arrow.apache.org/docs/format/FlightSql.html#sql-metadata
 */
export const columnMetadataKeys = {
  /** The table's catalog. */
  catalog: 'ARROW:FLIGHT:SQL:CATALOG_NAME',
  /** The table's schema. */
  schema: 'ARROW:FLIGHT:SQL:SCHEMA_NAME',
  table: 'ARROW:FLIGHT:SQL:TABLE_NAME',
  /** The data source's own name of the column's type: `TIMESTAMP_NS`. */
  typeName: 'ARROW:FLIGHT:SQL:TYPE_NAME',
  /** Digits of a number, characters of a text. */
  precision: 'ARROW:FLIGHT:SQL:PRECISION',
  /** Digits after the point. */
  scale: 'ARROW:FLIGHT:SQL:SCALE',
  isAutoIncrement: 'ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT',
  isCaseSensitive: 'ARROW:FLIGHT:SQL:IS_CASE_SENSITIVE',
  isReadOnly: 'ARROW:FLIGHT:SQL:IS_READ_ONLY',
  isSearchable: 'ARROW:FLIGHT:SQL:IS_SEARCHABLE',
  /** The comment on the column. */
  remarks: 'ARROW:FLIGHT:SQL:REMARKS',
} as const;

export interface ColumnMetadata {
  readonly catalog?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly typeName?: string;
  readonly precision?: number;
  readonly scale?: number;
  readonly isAutoIncrement?: boolean;
  readonly isCaseSensitive?: boolean;
  readonly isReadOnly?: boolean;
  readonly isSearchable?: boolean;
  readonly remarks?: string;
}

/** The field with these metadata beside those that it has. */
export function withColumnMetadata(field: Field, metadata: ColumnMetadata): Field {
  const all = new Map(field.metadata);
  for (const [name, value] of Object.entries(metadata)) {
    if (value === undefined) continue;
    const key = columnMetadataKeys[name as keyof ColumnMetadata];
    all.set(key, typeof value === 'boolean' ? (value ? '1' : '0') : String(value));
  }
  return new Field(field.name, field.type, field.nullable, all);
}

/** What a field's metadata tell of a column; numbers that are none are left out. */
export function columnMetadataOf(field: Field): ColumnMetadata {
  const found: Record<string, string | number | boolean> = {};
  for (const [name, key] of Object.entries(columnMetadataKeys)) {
    const value = field.metadata.get(key);
    if (value === undefined) continue;
    if (name === 'precision' || name === 'scale') {
      if (/^-?\d+$/.test(value)) found[name] = Number(value);
    } else {
      found[name] = name.startsWith('is') ? value === '1' || value === 'true' : value;
    }
  }
  return found;
}
