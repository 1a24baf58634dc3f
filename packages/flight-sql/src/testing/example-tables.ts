/**
 * What the example database holds: the catalogs `shop` and `attic`; in `shop.main` people and a table of every type, in
 * `shop.box_1` tables with keys that point at each other.
 */
export const exampleTables: readonly string[] = [
  "ATTACH ':memory:' AS shop",
  "ATTACH ':memory:' AS attic",
  'USE shop.main',
  'CREATE SCHEMA box_1',
  'CREATE SCHEMA boxes',
  'CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR, score DOUBLE, seen TIMESTAMP)',
  `INSERT INTO people VALUES
     (1, 'Ada', 1.5, '1970-01-01'), (2, 'Grace', NULL, '2023-11-14 22:13:20'), (3, NULL, -2.0, NULL)`,
  "COMMENT ON COLUMN people.seen IS 'when they were seen last'",
  'CREATE VIEW scores AS SELECT name, score FROM people WHERE score IS NOT NULL',
  `CREATE TABLE box_1.customers (country VARCHAR, number INTEGER, name VARCHAR NOT NULL,
     PRIMARY KEY (country, number))`,
  `CREATE TABLE box_1.orders (id BIGINT PRIMARY KEY, country VARCHAR, customer INTEGER, price DECIMAL(10, 2),
     FOREIGN KEY (country, customer) REFERENCES box_1.customers (country, number))`,
  'CREATE TABLE boxes.people (id BIGINT)',
  'CREATE TABLE attic.main.old_things (thing VARCHAR)',
  `CREATE TABLE everything (
     row_number INTEGER NOT NULL,
     a_bool BOOLEAN, a_tinyint TINYINT, a_smallint SMALLINT, an_int INTEGER, a_bigint BIGINT,
     a_utinyint UTINYINT, a_usmallint USMALLINT, a_uint UINTEGER, a_ubigint UBIGINT, a_hugeint HUGEINT,
     a_float FLOAT, a_double DOUBLE,
     dec_4_1 DECIMAL(4, 1), dec_9_2 DECIMAL(9, 2), dec_18_3 DECIMAL(18, 3), dec_38_10 DECIMAL(38, 10),
     a_text VARCHAR, a_blob BLOB, a_uuid UUID, an_enum ENUM ('red', 'green', 'blue'),
     a_date DATE, a_time TIME,
     ts_s TIMESTAMP_S, ts_ms TIMESTAMP_MS, ts_us TIMESTAMP, ts_ns TIMESTAMP_NS, ts_tz TIMESTAMPTZ,
     an_interval INTERVAL,
     ints INTEGER[], texts VARCHAR[], lists INTEGER[][], three INTEGER[3],
     a_struct STRUCT(i INTEGER, t VARCHAR), structs STRUCT(i INTEGER, l VARCHAR[])[], a_map MAP(VARCHAR, INTEGER))`,
  `INSERT INTO everything VALUES
     (1, true, -128, -32768, -2147483648, -9223372036854775808,
      255, 65535, 4294967295, 18446744073709551615, -99999999999999999999999999999999999999::HUGEINT,
      1.5, -0.1, -999.9, 1234567.89, -123456789012345.678, 1234567890123456789012345678.0123456789,
      'ü☃ "x"', '\\x00\\xFF'::BLOB, '11111111-2222-3333-4444-555555555555', 'green',
      '1969-12-31', '23:59:59.999999',
      '2023-11-14 22:13:20', '2023-11-14 22:13:20.123', '2023-11-14 22:13:20.123456', '2023-11-14 22:13:20.123456789',
      '2023-11-14 22:13:20.123456+02',
      INTERVAL '1 year 2 months 3 days 4 hours 5 minutes 6.789 seconds',
      [1, NULL, 3], ['a', NULL, ''], [[1], NULL, []], [1, NULL, 3],
      {i: 1, t: 'one'}, [{i: 1, l: ['a', NULL]}, NULL], MAP {'a': 1, 'b': NULL})`,
  `INSERT INTO everything (row_number) VALUES (2)`,
  `INSERT INTO everything VALUES
     (3, false, 127, 32767, 2147483647, 9223372036854775807, 0, 0, 0, 0, 99999999999999999999999999999999999999::HUGEINT,
      'inf', 'nan', 0, 0, 0, -0.0000000001, '', ''::BLOB, '00000000-0000-0000-0000-000000000000', 'blue',
      '9999-12-31', '00:00:00',
      '1970-01-01', '1970-01-01', '0001-01-01', '1970-01-01', '1970-01-01 00:00:00+00', INTERVAL '-1 month -1 day -1 second',
      [], [], [], [4, 5, 6], {i: NULL, t: NULL}, [], MAP {})`,
];
