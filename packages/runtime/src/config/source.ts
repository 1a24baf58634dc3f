import { StartupError } from '../startup-error.ts';
import type { ConfigLeaf } from './leaves.ts';
import { nearest } from './nearest.ts';

/** One value that a source gave, and where from, as the operator knows it. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
  /** `SIGNALDB_LOG_LEVEL`, `--log-level`, `signaldb.yaml:3` */
  readonly from: string;
}

/** Reads a text (of the environment, a flag) as a setting's type. What can't be read stays text, so that validation reports it. */
export function readText(text: string, leaf: ConfigLeaf): unknown {
  switch (leaf.type) {
    case 'number':
      return text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
    case 'boolean':
      return (
        { true: true, '1': true, yes: true, on: true, false: false, '0': false, no: false, off: false }[
          text.trim().toLowerCase()
        ] ?? text
      );
    case 'list':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean);
    case 'map':
      return Object.fromEntries(
        text
          .split(',')
          .filter((part) => part.includes('='))
          .map((part) => {
            const at = part.indexOf('=');
            return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
          }),
      );
    default:
      return text;
  }
}

/** The error for a name that no setting has. */
export function unknownSetting(name: string, from: string, known: readonly string[]): StartupError {
  const near = nearest(name, known);
  return new StartupError(
    'CONFIG_INVALID',
    `Unknown ${from} "${name}".${near ? ` Did you mean "${near}"?` : ' Run with --help to see all.'}`,
  );
}
