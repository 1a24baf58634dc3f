import type { z } from 'zod';
import type { ConfigSchema } from './define.ts';

export type LeafType = 'string' | 'number' | 'boolean' | 'enum' | 'list' | 'map' | 'yaml';

/** One setting, with all its names. */
export interface ConfigLeaf {
  /** Path in the file: `['acceptor', 'otlpGrpcPort']`. */
  readonly path: readonly string[];
  /** `acceptor.otlpGrpcPort` */
  readonly key: string;
  /** `SIGNALDB_ACCEPTOR_OTLP_GRPC_PORT` */
  readonly environment: string;
  /** `--acceptor-otlp-grpc-port` */
  readonly flag: string;
  readonly type: LeafType;
  /** The values of an enum. */
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly defaultValue: unknown;
  readonly description: string;
  readonly secret: boolean;
  readonly isPath: boolean;
  readonly isPort: boolean;
}

/** All settings of a schema in the order in which they were written. */
export function configLeaves(schema: ConfigSchema, prefix = 'SIGNALDB_'): ConfigLeaf[] {
  const leaves: ConfigLeaf[] = [];
  visit(schema, [], (path, type) => leaves.push(toLeaf(path, type, prefix)));
  return leaves;
}

/** The paths of a schema's sections, outer before inner. */
export function configSections(schema: ConfigSchema): string[][] {
  const sections: string[][] = [];
  visit(
    schema,
    [],
    () => {},
    (path) => sections.push(path),
  );
  return sections;
}

/** A section's own description, if it has one. */
export function sectionDescription(schema: ConfigSchema, path: readonly string[]): string {
  let type: z.core.$ZodType = schema;
  for (const name of path) type = shapeOf(type)![name]!;
  return metaOf(chainOf(type)).description ?? '';
}

function visit(
  type: z.core.$ZodType,
  path: string[],
  onLeaf: (path: string[], type: z.core.$ZodType) => void,
  onSection: (path: string[]) => void = () => {},
): void {
  for (const [name, field] of Object.entries(shapeOf(type) ?? {})) {
    const at = [...path, name];
    if (shapeOf(field)) {
      onSection(at);
      visit(field, at, onLeaf, onSection);
    } else onLeaf(at, field);
  }
}

function shapeOf(type: z.core.$ZodType): Record<string, z.core.$ZodType> | undefined {
  const def = chainOf(type).at(-1)!._zod.def;
  return def.type === 'object' ? (def as z.core.$ZodObjectDef).shape : undefined;
}

/** A type and what it wraps (default, optional …), outermost first. */
function chainOf(type: z.core.$ZodType): z.core.$ZodType[] {
  const chain = [type];
  for (;;) {
    const def = chain.at(-1)!._zod.def as { type: string; innerType?: z.core.$ZodType; in?: z.core.$ZodType };
    const inner = def.innerType ?? (def.type === 'pipe' ? def.in : undefined);
    if (!inner) return chain;
    chain.push(inner);
  }
}

interface LeafMeta {
  description?: string;
  secret?: boolean;
  path?: boolean;
  port?: boolean;
}

function metaOf(chain: z.core.$ZodType[]): LeafMeta {
  return Object.assign({}, ...chain.map((type) => (type as z.ZodType).meta?.() ?? {}).reverse());
}

function toLeaf(path: string[], type: z.core.$ZodType, prefix: string): ConfigLeaf {
  const chain = chainOf(type);
  const meta = metaOf(chain);
  const withDefault = chain.find((t) => t._zod.def.type === 'default' || t._zod.def.type === 'prefault');
  const defaultValue = withDefault
    ? (withDefault._zod.def as unknown as { defaultValue: unknown }).defaultValue
    : undefined;
  const words = path.flatMap(wordsOf);
  return {
    path,
    key: path.join('.'),
    environment: prefix + words.join('_').toUpperCase(),
    flag: `--${words.join('-')}`,
    ...leafType(chain.at(-1)!),
    required: !withDefault && !chain.some((t) => t._zod.def.type === 'optional'),
    defaultValue,
    description: meta.description ?? '',
    secret: meta.secret ?? false,
    isPath: meta.path ?? false,
    isPort: meta.port ?? false,
  };
}

function leafType(type: z.core.$ZodType): { type: LeafType; choices: readonly string[] } {
  const def = type._zod.def;
  switch (def.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: def.type, choices: [] };
    case 'enum':
      return { type: 'enum', choices: Object.values((def as z.core.$ZodEnumDef).entries).map(String) };
    case 'array':
      return { type: 'list', choices: [] };
    case 'record':
      return { type: 'map', choices: [] };
    default:
      return { type: 'yaml', choices: [] };
  }
}

/** `otlpGrpcPort` → otlp, grpc, port; `s3` and `http2` stay whole. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]/g, ' ')
    .toLowerCase()
    .split(' ')
    .filter(Boolean);
}
