import type { IcebergType } from '@signaldb/iceberg';

const primitives: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  binary: 'BLOB',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  timestamp_ns: 'TIMESTAMP_NS',
  uuid: 'UUID',
};

/** DuckDB's name of an Iceberg type. */
export function duckTypeOfIceberg(type: IcebergType): string {
  if (typeof type === 'string') {
    const known = primitives[type];
    if (known !== undefined) return known;
    return type.startsWith('decimal') ? type.toUpperCase() : 'BLOB';
  }
  switch (type.type) {
    case 'list':
      return `${duckTypeOfIceberg(type.element)}[]`;
    case 'map':
      return `MAP(${duckTypeOfIceberg(type.key)}, ${duckTypeOfIceberg(type.value)})`;
    case 'struct':
      return `STRUCT(${type.fields.map((f) => `"${f.name.replaceAll('"', '""')}" ${duckTypeOfIceberg(f.type)}`).join(', ')})`;
  }
}
