// The direction of imports: proto → packages → services, and only what a package.json names.
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

/** One import that must not be, in words a person can act on. */
export type ImportFault = string;

const layers = ['proto', 'packages', 'services', 'bench', 'tests', 'deploy', 'examples', 'scripts'] as const;
const importPattern =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/node_modules|\/gen\/|\/dist\//.test(path));
}

function packagesOf(root: string): Map<string, { layer: number; folder: string; wants: Set<string> }> {
  const found = new Map<string, { layer: number; folder: string; wants: Set<string> }>();
  const add = (folder: string, layer: number) => {
    let manifest: Record<string, unknown>;
    try {
      manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    } catch {
      return;
    }
    const wants = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap((kind) =>
      Object.keys((manifest[kind] as object | undefined) ?? {}),
    );
    found.set(String(manifest.name), { layer, folder, wants: new Set(wants) });
  };
  layers.forEach((layer, index) => {
    add(layer, index);
    for (const entry of readdirSync(join(root, layer), { withFileTypes: true })) {
      if (entry.isDirectory()) add(join(layer, entry.name), index);
    }
  });
  return found;
}

/** Looks at every source below `root`. Returns one line a fault; an empty list is a clean house. */
export function importFaults(root: string): ImportFault[] {
  const packages = packagesOf(root);
  const faults: ImportFault[] = [];
  for (const [name, { folder, layer, wants }] of packages) {
    for (const file of sourcesBelow(join(root, folder))) {
      const where = relative(root, file);
      for (const match of readFileSync(file, 'utf8').matchAll(importPattern)) {
        const wanted = (match[1] ?? match[2])!;
        if (isBuiltin(wanted)) continue;
        if (wanted.startsWith('.')) {
          const target = relative(join(root, folder), resolve(dirname(file), wanted));
          if (target.startsWith('..') && layer < 3)
            faults.push(`${where}: "${wanted}" leaves ${name}; import it by its package's name`);
          continue;
        }
        const parts = wanted.split('/');
        const target = wanted.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
        const other = packages.get(target);
        if (other && other.layer > layer)
          faults.push(`${where}: ${name} (${layers[layer]}) may not import ${target} (${layers[other.layer]})`);
        if (
          target !== name &&
          !wants.has(target) &&
          !(layer > 2 && target === '@jest/globals') &&
          target !== '@jest/globals'
        ) {
          faults.push(`${where}: "${target}" is not in ${folder}/package.json`);
        }
      }
    }
  }
  return faults;
}
