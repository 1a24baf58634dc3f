import type { ServiceInfo } from '@signaldb/component';
import { GrpcError, Status } from '@signaldb/grpc';

/** What a registration may weigh: the state is held in memory and sent to everyone who watches. */
const limits = { idCharsMax: 256, listMax: 256, textCharsMax: 4096, metadataMax: 64, schemaCharsMax: 1 << 20 };

function refuse(details: string): never {
  throw new GrpcError(Status.INVALID_ARGUMENT, details);
}

/** @throws GrpcError INVALID_ARGUMENT, naming the field */
export function checkServiceInfo(info: ServiceInfo): void {
  if (info.serviceId.length > limits.idCharsMax) refuse(`service_id is longer than ${limits.idCharsMax} characters.`);
  for (const [field, list] of [
    ['input_event_types', info.inputEventTypes],
    ['output_event_types', info.outputEventTypes],
    ['supported_schemas', info.supportedSchemas],
  ] as const) {
    if (list.length > limits.listMax) refuse(`${field} has more than ${limits.listMax} entries.`);
  }
  const texts = [info.role, info.location, info.healthEndpoint, ...info.inputEventTypes, ...info.outputEventTypes];
  const metadata = Object.entries(info.metadata);
  if (metadata.length > limits.metadataMax) refuse(`metadata has more than ${limits.metadataMax} entries.`);
  for (const text of [...texts, ...metadata.flat()]) {
    if (text.length > limits.textCharsMax)
      refuse(`A text of the registration is longer than ${limits.textCharsMax} characters.`);
  }
  for (const schema of info.supportedSchemas) checkSchemaText(schema.schemaDefinition);
}

export function checkSchemaText(definition: string): void {
  if (definition.length > limits.schemaCharsMax)
    refuse(`schema_definition is longer than ${limits.schemaCharsMax} characters.`);
}

export function checkLogAssignment(ids: Readonly<Record<'logId' | 'acceptorId' | 'writerId', string>>): void {
  for (const [name, value] of Object.entries(ids)) {
    if (value === '' || value.length > limits.idCharsMax)
      refuse(`${name} must have 1 to ${limits.idCharsMax} characters.`);
  }
}
