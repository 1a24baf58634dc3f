import { readFileSync } from 'node:fs';
import { StartupError } from '../startup-error.ts';
import type { ConfigLeaf } from './leaves.ts';
import { readText, type Setting, unknownSetting } from './source.ts';

/** Names that carry our prefix and aren't settings: the configuration file's own, and what `npm start` tells the program. */
const reserved = ['CONFIG', 'CALLER_DIR'];

/** What Kubernetes and Docker links put into a container for a Service that happens to be called like us. */
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?)$/;
const serviceLinkValue = /^(tcp|udp|sctp):\/\//;

/** The settings of the environment. @throws StartupError for a name with our prefix that no setting has */
export function readEnvironment(
  environment: NodeJS.ProcessEnv,
  prefix: string,
  leaves: readonly ConfigLeaf[],
): Setting[] {
  const settings: Setting[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || text === undefined || reserved.includes(name.slice(prefix.length))) continue;
    if (serviceLinkValue.test(text)) continue;
    const leaf = leaves.find((candidate) => candidate.environment === name);
    const fromFile = leaves.find((candidate) => candidate.secret && `${candidate.environment}_FILE` === name);
    if (leaf) settings.push({ path: leaf.path, value: readText(text, leaf), from: name });
    else if (fromFile) settings.push({ path: fromFile.path, value: readSecret(text, name), from: name });
    else if (!serviceLink.test(name))
      throw unknownSetting(
        name,
        'environment variable',
        leaves.map((candidate) => candidate.environment),
      );
  }
  return settings;
}

function readSecret(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new StartupError(
      'CONFIG_INVALID',
      `${name} names ${file}, which can't be read (${(error as NodeJS.ErrnoException).code}).`,
      { cause: error },
    );
  }
}
