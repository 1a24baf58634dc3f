import {
  Nullable,
  Searchable,
  XdbcDataType,
  XdbcDatetimeSubcode,
} from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import type { RecordBatch } from 'apache-arrow';
import { batchOf } from './rows.ts';
import { xdbcTypeInfoSchema } from './schemas.ts';

/** A type of SQL, as GetXdbcTypeInfo tells it. */
export interface SqlType {
  readonly name: string;
  readonly dataType: XdbcDataType;
  /** Digits of numbers, characters of text and times; absent where there is no limit. */
  readonly columnSize?: number;
  /** Around a literal. */
  readonly quote?: string;
  readonly createParams?: readonly string[];
  readonly unsigned?: boolean;
  readonly scales?: readonly [minimum: number, maximum: number];
  readonly radix?: number;
  readonly datetimeSubcode?: XdbcDatetimeSubcode;
}

const integer = (name: string, dataType: XdbcDataType, columnSize: number): SqlType => ({
  name,
  dataType,
  columnSize,
  unsigned: false,
  scales: [0, 0],
  radix: 10,
});

const time = (name: string, dataType: XdbcDataType, columnSize: number, subcode: XdbcDatetimeSubcode): SqlType => ({
  name,
  dataType,
  columnSize,
  quote: "'",
  datetimeSubcode: subcode,
});

/** The types of a modern analytical engine. */
export const defaultSqlTypes: readonly SqlType[] = [
  { name: 'BOOLEAN', dataType: XdbcDataType.XDBC_BIT, columnSize: 1 },
  integer('TINYINT', XdbcDataType.XDBC_TINYINT, 3),
  integer('BIGINT', XdbcDataType.XDBC_BIGINT, 19),
  { name: 'BLOB', dataType: XdbcDataType.XDBC_VARBINARY, quote: "'" },
  {
    name: 'DECIMAL',
    dataType: XdbcDataType.XDBC_DECIMAL,
    columnSize: 38,
    createParams: ['precision', 'scale'],
    unsigned: false,
    scales: [0, 38],
    radix: 10,
  },
  integer('INTEGER', XdbcDataType.XDBC_INTEGER, 10),
  integer('SMALLINT', XdbcDataType.XDBC_SMALLINT, 5),
  { name: 'FLOAT', dataType: XdbcDataType.XDBC_REAL, columnSize: 24, unsigned: false, radix: 2 },
  { name: 'DOUBLE', dataType: XdbcDataType.XDBC_DOUBLE, columnSize: 53, unsigned: false, radix: 2 },
  { name: 'VARCHAR', dataType: XdbcDataType.XDBC_VARCHAR, quote: "'" },
  time('DATE', XdbcDataType.XDBC_DATE, 10, XdbcDatetimeSubcode.XDBC_SUBCODE_DATE),
  time('TIME', XdbcDataType.XDBC_TIME, 15, XdbcDatetimeSubcode.XDBC_SUBCODE_TIME),
  time('TIMESTAMP', XdbcDataType.XDBC_TIMESTAMP, 29, XdbcDatetimeSubcode.XDBC_SUBCODE_TIMESTAMP),
];

/** The rows of GetXdbcTypeInfo, by data type; those of one data type alone where it is asked for. */
export function xdbcTypesBatch(types: readonly SqlType[], dataType: number | undefined): RecordBatch {
  const found = types
    .filter((type) => dataType === undefined || type.dataType === dataType)
    .toSorted((a, b) => a.dataType - b.dataType);
  const isDatetime = (type: SqlType) => type.datetimeSubcode !== undefined;
  const columns: unknown[][] = [
    found.map((type) => type.name),
    found.map((type) => type.dataType),
    found.map((type) => type.columnSize ?? null),
    found.map((type) => type.quote ?? null),
    found.map((type) => type.quote ?? null),
    found.map((type) => type.createParams ?? null),
    found.map(() => Nullable.NULLABILITY_NULLABLE),
    found.map((type) => type.dataType === XdbcDataType.XDBC_VARCHAR),
    found.map(() => Searchable.SEARCHABLE_FULL),
    found.map((type) => (type.unsigned === undefined ? null : type.unsigned)),
    found.map((type) => type.scales?.[1] === 0),
    found.map((type) => (type.unsigned === undefined ? null : false)),
    found.map((type) => type.name),
    found.map((type) => type.scales?.[0] ?? null),
    found.map((type) => type.scales?.[1] ?? null),
    found.map((type) => (isDatetime(type) ? XdbcDataType.XDBC_DATETIME : type.dataType)),
    found.map((type) => type.datetimeSubcode ?? null),
    found.map((type) => type.radix ?? null),
    found.map(() => null),
  ];
  return batchOf(xdbcTypeInfoSchema, columns, found.length);
}
