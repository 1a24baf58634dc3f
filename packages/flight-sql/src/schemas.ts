import {
  Binary,
  Bool,
  type DataType,
  DenseUnion,
  Field,
  Int32,
  Int64,
  List,
  Map_,
  Schema,
  Struct,
  Uint8,
  Uint32,
  Utf8,
} from 'apache-arrow';

const text = new Utf8();
const int = new Int32();
const required = (name: string, type: DataType): Field => new Field(name, type, false);
const optional = (name: string, type: DataType): Field => new Field(name, type, true);

/*
 * The schemas of the metadata commands, as the comments of the protocol's definition give them. Drivers compare some of
 * them strictly, nullability included.
 */

export const catalogsSchema = new Schema([required('catalog_name', text)]);

export const dbSchemasSchema = new Schema([optional('catalog_name', text), required('db_schema_name', text)]);

export const tablesSchema = new Schema([
  optional('catalog_name', text),
  optional('db_schema_name', text),
  required('table_name', text),
  required('table_type', text),
]);

export const tablesWithColumnsSchema = new Schema([...tablesSchema.fields, required('table_schema', new Binary())]);

export const tableTypesSchema = new Schema([required('table_type', text)]);

export const primaryKeysSchema = new Schema([
  optional('catalog_name', text),
  optional('db_schema_name', text),
  required('table_name', text),
  required('column_name', text),
  required('key_sequence', int),
  optional('key_name', text),
]);

/** Of GetImportedKeys, GetExportedKeys and GetCrossReference. */
export const foreignKeysSchema = new Schema([
  optional('pk_catalog_name', text),
  optional('pk_db_schema_name', text),
  required('pk_table_name', text),
  required('pk_column_name', text),
  optional('fk_catalog_name', text),
  optional('fk_db_schema_name', text),
  required('fk_table_name', text),
  required('fk_column_name', text),
  required('key_sequence', int),
  optional('fk_key_name', text),
  optional('pk_key_name', text),
  required('update_rule', new Uint8()),
  required('delete_rule', new Uint8()),
]);

/** The values of GetSqlInfo, in the order of their type ids. */
export const sqlInfoValueType = new DenseUnion(
  [0, 1, 2, 3, 4, 5],
  [
    required('string_value', text),
    required('bool_value', new Bool()),
    required('bigint_value', new Int64()),
    required('int32_bitmask', int),
    required('string_list', new List(optional('item', text))),
    required(
      'int32_to_int32_list_map',
      new Map_(
        required(
          'entries',
          new Struct([required('key', int), optional('value', new List(optional('item', int)))]),
        ) as never,
      ),
    ),
  ],
);

export const sqlInfoSchema = new Schema([required('info_name', new Uint32()), required('value', sqlInfoValueType)]);

export const xdbcTypeInfoSchema = new Schema([
  required('type_name', text),
  required('data_type', int),
  optional('column_size', int),
  optional('literal_prefix', text),
  optional('literal_suffix', text),
  optional('create_params', new List(required('item', text))),
  required('nullable', int),
  required('case_sensitive', new Bool()),
  required('searchable', int),
  optional('unsigned_attribute', new Bool()),
  required('fixed_prec_scale', new Bool()),
  optional('auto_increment', new Bool()),
  optional('local_type_name', text),
  optional('minimum_scale', int),
  optional('maximum_scale', int),
  required('sql_data_type', int),
  optional('datetime_subcode', int),
  optional('num_prec_radix', int),
  optional('interval_precision', int),
]);
