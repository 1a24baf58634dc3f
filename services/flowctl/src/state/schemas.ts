import type { SchemaInfo } from '@signaldb/component';
import { type CommandOf, done, type Outcome, refused } from './command.ts';
import { type FlowState, withEntry } from './state.ts';

/**
 * Adds the version that the command names: the next one, or the schema isn't what the proposer compared it with. A schema whose
 * fingerprint is there already answers with the version that has it.
 */
export function registerSchema(
  state: FlowState,
  { schema }: CommandOf<'register-schema'>,
): readonly [state: FlowState, outcome: Outcome<SchemaInfo>] {
  const versions = state.schemas.get(schema.eventType) ?? [];
  const same = versions.find((version) => version.schemaFingerprint === schema.schemaFingerprint);
  if (same) return [state, done(same)];
  if (schema.version !== versions.length + 1) {
    return [state, refused('ABORTED', `"${schema.eventType}" has version ${versions.length} by now.`)];
  }
  return [{ ...state, schemas: withEntry(state.schemas, schema.eventType, [...versions, schema]) }, done(schema)];
}
