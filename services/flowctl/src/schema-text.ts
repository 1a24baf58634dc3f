import { decodeSchemaBytes } from '@signaldb/flight';
import { GrpcError, Status } from '@signaldb/grpc';
import { schemaFromJson } from '@signaldb/schema';
import type { Schema } from 'apache-arrow';
import { checkSchemaText } from './validate.ts';

/** A schema as it is registered: JSON, or a serialized IPC schema in base64. @throws GrpcError INVALID_ARGUMENT */
export function parseSchema({
  schemaFormat,
  schemaDefinition,
}: {
  schemaFormat: string;
  schemaDefinition: string;
}): Schema {
  checkSchemaText(schemaDefinition);
  try {
    switch (schemaFormat) {
      case '':
      case 'arrow-json':
        return schemaFromJson(JSON.parse(schemaDefinition));
      case 'arrow-ipc':
        return decodeSchemaBytes(Buffer.from(schemaDefinition, 'base64'));
      default:
        throw new Error(`the format "${schemaFormat}" is unknown; there are arrow-json and arrow-ipc`);
    }
  } catch (error) {
    throw new GrpcError(
      Status.INVALID_ARGUMENT,
      `schema_definition can't be read: ${(error as Error).message}.`,
      undefined,
      { cause: error },
    );
  }
}
