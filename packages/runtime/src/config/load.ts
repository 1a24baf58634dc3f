import { resolve } from 'node:path';
import type { z } from 'zod';
import { StartupError } from '../startup-error.ts';
import type { ConfigSchema } from './define.ts';
import { readEnvironment } from './environment-source.ts';
import { readConfigFile } from './file-source.ts';
import { readFlags } from './flag-source.ts';
import { type ConfigLeaf, configLeaves, configSections } from './leaves.ts';
import type { Setting } from './source.ts';

export interface LoadConfigOptions {
  /** A YAML file; `--config` and `SIGNALDB_CONFIG` win over it. */
  readonly file?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Arguments without the program's own name. */
  readonly argv?: readonly string[];
  /** Of environment variables. */
  readonly prefix?: string;
  /** What relative paths are relative to; default: the folder in which the program was called. */
  readonly cwd?: string;
}

/**
 * Reads a configuration: defaults, then file, then environment, then flags; later ones win, setting by setting.
 * @throws StartupError `CONFIG_INVALID`, one line: an unknown key with the nearest known one, or every invalid value and where it came from
 */
export function loadConfig<S extends ConfigSchema>(schema: S, options: LoadConfigOptions = {}): z.output<S> {
  const { env = {}, argv = [], prefix = 'SIGNALDB_' } = options;
  const cwd = options.cwd ?? callerDir(env);
  const leaves = configLeaves(schema, prefix);
  const flags = readFlags(argv, leaves);
  const file = flags.configFile ?? env[`${prefix}CONFIG`] ?? options.file;
  const settings = [
    ...(file ? readConfigFile(resolve(cwd, file), leaves) : []),
    ...readEnvironment(env, prefix, leaves),
    ...flags.settings,
  ];
  return validate(schema, settings, leaves, cwd);
}

/** The folder in which the user called the program: `npm start` runs it elsewhere and says where that was. */
export function callerDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.SIGNALDB_CALLER_DIR ?? process.cwd();
}

function validate<S extends ConfigSchema>(
  schema: S,
  settings: readonly Setting[],
  leaves: readonly ConfigLeaf[],
  cwd: string,
): z.output<S> {
  const raw: Record<string, unknown> = {};
  for (const section of configSections(schema)) put(raw, section, {});
  for (const { path, value } of settings) put(raw, path, value === null ? undefined : value);
  const parsed = schema.safeParse(raw);
  if (!parsed.success)
    throw new StartupError(
      'CONFIG_INVALID',
      parsed.error.issues.map((issue) => describeIssue(issue, settings, leaves)).join(' '),
    );
  const config = parsed.data as Record<string, unknown>;
  for (const leaf of leaves) {
    const value = leaf.isPath ? get(config, leaf.path) : undefined;
    if (typeof value === 'string' && !isUrl(value)) put(config, leaf.path, resolve(cwd, value));
  }
  return config as z.output<S>;
}

/** A path may be a URL where a setting takes both. `C:` is a drive. */
const isUrl = (text: string) => /^[a-z][a-z0-9+.-]+:/i.test(text);

function describeIssue(issue: z.core.$ZodIssue, settings: readonly Setting[], leaves: readonly ConfigLeaf[]): string {
  const key = issue.path.map(String).join('.');
  const setting = settings.findLast(({ path }) => key === path.join('.') || key.startsWith(`${path.join('.')}.`));
  const leaf = leaves.find((candidate) => candidate.key === key);
  if (!setting && leaf?.required) return `${key} must be set, for example with ${leaf.environment} or ${leaf.flag}.`;
  const text = issue.message.replace(/^Invalid (input|option): /, '');
  return `${key || 'The configuration'}: ${text}${setting ? ` (set by ${setting.from})` : ''}.`;
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = target;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[path.at(-1)!] = value;
}

function get(target: Record<string, unknown>, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], target);
}
