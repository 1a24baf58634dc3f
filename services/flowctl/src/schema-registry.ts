import { type SchemaInfo, type SchemaQuery, wire } from '@signaldb/component';
import { GrpcError, Status } from '@signaldb/grpc';
import type * as pb from '@signaldb/proto/flowctl/control_plane';
import { compatibility, fingerprint } from '@signaldb/schema';
import type { Schema } from 'apache-arrow';
import type { Leases } from './leases.ts';
import type { Machine } from './machine.ts';
import { parseSchema } from './schema-text.ts';

/** The schemas of event types, version by version, and what they are to each other. */
export interface SchemaRegistry {
  register(schema: SchemaInfo): Promise<SchemaInfo>;
  get(query: SchemaQuery): SchemaInfo;
  validate(
    older: pb.SchemaInfo | undefined,
    newer: pb.SchemaInfo | undefined,
    level: pb.CompatibilityLevel,
  ): pb.ValidateSchemaCompatibilityResponse;
  /** The services that read the schema's event type in a schema that fits. */
  compatibleServices(schema: pb.SchemaInfo | undefined, level: pb.CompatibilityLevel): pb.ServiceList;
}

/** Backward 1 and forward 2 are bits: full 3 is both. */
const fits = (level: number, wanted: number) => (level & wanted) === wanted;
const backward = 1;

export function createSchemaRegistry(machine: Machine, leases: Leases): SchemaRegistry {
  const versionsOf = (eventType: string) => machine.state.schemas.get(eventType) ?? [];

  /** A schema given by its definition, or by the fingerprint or version of a registered one. */
  function resolve(given: pb.SchemaInfo | undefined, field: string): Schema {
    if (!given) throw new GrpcError(Status.INVALID_ARGUMENT, `${field} is missing.`);
    const { eventType, version, schemaFingerprint } = given;
    return parseSchema(given.schemaDefinition ? given : get({ eventType, version, fingerprint: schemaFingerprint }));
  }

  function get({ eventType, version = 0, fingerprint: wanted = '' }: SchemaQuery): SchemaInfo {
    const versions = versionsOf(eventType);
    const found = wanted
      ? versions.find((schema) => schema.schemaFingerprint === wanted)
      : version === 0
        ? versions.at(-1)
        : versions[version - 1];
    if (found) return found;
    const what = wanted ? `the fingerprint ${wanted}` : version === 0 ? 'any version' : `version ${version}`;
    throw new GrpcError(Status.NOT_FOUND, `"${eventType}" has no schema of ${what}.`);
  }

  return {
    get,
    async register(given) {
      if (!given.eventType) throw new GrpcError(Status.INVALID_ARGUMENT, 'event_type is missing.');
      const schema = parseSchema(given);
      // Compared here, not in the state machine: replicas of another build must not come to another result.
      for (;;) {
        const versions = versionsOf(given.eventType);
        const readable = versions.filter((older) => fits(compatibility(parseSchema(older), schema).level, backward));
        const outcome = await machine.propose({
          type: 'register-schema',
          schema: {
            ...given,
            schemaFormat: given.schemaFormat || 'arrow-json',
            schemaFingerprint: fingerprint(schema),
            version: versions.length + 1,
            compatibleVersions: readable.map(({ version }) => version),
          },
        });
        if (outcome.ok) return outcome.value as SchemaInfo;
        if (outcome.code !== 'ABORTED') throw new GrpcError(Status[outcome.code], outcome.message);
      }
    },
    validate(older, newer, wanted) {
      const { level, changes } = compatibility(resolve(older, 'older'), resolve(newer, 'newer'));
      return { isCompatible: fits(level, wanted), level: level as pb.CompatibilityLevel, changes: changes.map(String) };
    },
    compatibleServices(given, wanted) {
      const schema = resolve(given, 'schema');
      const reads = (supported: SchemaInfo) =>
        supported.eventType === given!.eventType &&
        fits(compatibility(schema, parseSchema(supported)).level, wanted || backward);
      const services = [...machine.state.services.values()].filter(({ info }) => info.supportedSchemas.some(reads));
      return { services: services.map(({ info }) => wire.statusToWire(leases.status(info.serviceId))) };
    },
  };
}
