import { StartupError } from '../startup-error.ts';
import type { ConfigLeaf } from './leaves.ts';
import { readText, type Setting, unknownSetting } from './source.ts';

export interface Flags {
  readonly settings: Setting[];
  /** `--config FILE` */
  readonly configFile?: string;
  /** `--help` */
  readonly help: boolean;
}

/** The settings of the command line: `--log-level debug`, `--log-level=debug`, `--tls-required`, `--no-tls-required`. */
export function readFlags(args: readonly string[], leaves: readonly ConfigLeaf[]): Flags {
  const settings: Setting[] = [];
  let configFile: string | undefined;
  let help = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith('--')) {
      if (arg === '-h') help = true;
      else
        throw new StartupError('CONFIG_INVALID', `Unexpected argument "${arg}". Settings are given as --name value.`);
      continue;
    }
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const textOf = () => {
      if (equals >= 0) return arg.slice(equals + 1);
      const next = args[++i];
      if (next === undefined) throw new StartupError('CONFIG_INVALID', `${name} needs a value.`);
      return next;
    };
    const leaf = leaves.find((candidate) => candidate.flag === name || `--${candidate.key}` === name);
    const negated = leaves.find(
      (candidate) => candidate.type === 'boolean' && `--no-${candidate.flag.slice(2)}` === name,
    );
    if (name === '--help') help = true;
    else if (name === '--config') configFile = textOf();
    else if (leaf?.type === 'boolean' && equals < 0) settings.push({ path: leaf.path, value: true, from: name });
    else if (leaf) settings.push({ path: leaf.path, value: readText(textOf(), leaf), from: name });
    else if (negated) settings.push({ path: negated.path, value: false, from: name });
    else throw unknownSetting(name, 'flag', [...leaves.map((candidate) => candidate.flag), '--config', '--help']);
  }
  return { settings, help, ...(configFile !== undefined && { configFile }) };
}
