import { DataType, Field, Schema, TimeMillisecond, TimestampMillisecond, Utf8 } from 'apache-arrow';

/**
 * The schema of parameters as clients are told it. The JDBC driver binds into vectors of exactly these types: it can put
 * nothing into a Null, so that becomes text; and it writes times and timestamps in milliseconds, whatever the unit, so they
 * are told in milliseconds. (Other drivers bind in the types of the values that they are given.)
 */
export function announcedParameters(schema: Schema): Schema {
  const fields = schema.fields.map(({ name, type, nullable, metadata }) => {
    return new Field(name, announcedType(type), nullable, metadata);
  });
  return new Schema(fields, schema.metadata);
}

function announcedType(type: DataType): DataType {
  if (DataType.isNull(type)) return new Utf8();
  if (DataType.isTimestamp(type)) return new TimestampMillisecond(type.timezone);
  if (DataType.isTime(type)) return new TimeMillisecond();
  return type;
}
