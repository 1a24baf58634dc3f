export {
  type Compatibility,
  CompatibilityLevel,
  compatibility,
  type SchemaChange,
  type SchemaChangeKind,
} from './compatibility.ts';
export { fingerprint } from './fingerprint.ts';
export { SchemaError } from './schema-error.ts';
export { type FieldJson, type SchemaJson, schemaFromJson, schemaToJson } from './schema-json.ts';
export type { TypeJson } from './type-json.ts';
export { compareTypes, type TypeChange } from './widening.ts';
