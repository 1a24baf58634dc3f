import { readFileSync } from 'node:fs';
import { isMap, isPair, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { oneLine, StartupError } from '../startup-error.ts';
import type { ConfigLeaf } from './leaves.ts';
import { type Setting, unknownSetting } from './source.ts';

/** The settings of a YAML file. @throws StartupError where it can't be read, isn't YAML, or has a key that no setting has */
export function readConfigFile(file: string, leaves: readonly ConfigLeaf[]): Setting[] {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) throw new StartupError('CONFIG_INVALID', `${file} is not valid YAML: ${oneLine(broken.message)}`);
  if (document.contents === null) return [];
  if (!isMap(document.contents))
    throw new StartupError('CONFIG_INVALID', `${file} must hold settings as "key: value" lines.`);

  const settings: Setting[] = [];
  const walk = (map: YAMLMap, path: string[]) => {
    for (const pair of map.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const at = [...path, String(pair.key.value)];
      const key = at.join('.');
      const from = `${file}:${lines.linePos(pair.key.range?.[0] ?? 0).line}`;
      const leaf = leaves.find((candidate) => candidate.key === key);
      const isSection = leaves.some((candidate) => candidate.key.startsWith(`${key}.`));
      if (leaf) settings.push({ path: at, value: nodeValue(pair.value), from });
      else if (isSection && isMap(pair.value)) walk(pair.value as YAMLMap, at);
      else if (isSection && nodeValue(pair.value) === null) continue;
      else if (isSection)
        throw new StartupError('CONFIG_INVALID', `${from}: "${key}" is a section; its settings go below it, indented.`);
      else throw unknownSetting(key, `key in ${from}:`, knownKeys(leaves));
    }
  };
  walk(document.contents as YAMLMap, []);
  return settings;
}

function knownKeys(leaves: readonly ConfigLeaf[]): string[] {
  return [...new Set(leaves.flatMap(({ path }) => path.map((_, i) => path.slice(0, i + 1).join('.'))))];
}

function nodeValue(node: unknown): unknown {
  return node && typeof (node as { toJSON?: unknown }).toJSON === 'function'
    ? (node as { toJSON(): unknown }).toJSON()
    : node;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartupError(
      'CONFIG_INVALID',
      `The configuration file ${file} can't be read (${(error as NodeJS.ErrnoException).code}).`,
      { cause: error },
    );
  }
}
