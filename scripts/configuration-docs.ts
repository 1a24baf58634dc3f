// Writes docs/configuration.md from the services' configuration schemas.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlPlaneConfig, defineConfig, describeConfig } from '../packages/runtime/src/index.ts';
import { signaldbConfig } from '../services/signaldb/src/config.ts';

const services = ['acceptor', 'writer', 'querier', 'router', 'flowctl'];

/** The whole page. */
export function configurationPage(): string {
  const shared = describeConfig(signaldbConfig, { except: services });
  const controlPlane = describeConfig(defineConfig({ controlPlane: controlPlaneConfig }));
  const own = services.map((service) =>
    describeConfig(signaldbConfig, {
      except: ['', 'log', 'ops', 'store', 'tls', ...services.filter((name) => name !== service)],
    }),
  );
  return `# Configuration

Written from the schemas by \`npm run gen\`; don't edit.

Each setting has three names: its path in a YAML file (\`--config FILE\` or \`SIGNALDB_CONFIG\`), an environment variable, and a flag, which
is the variable's name without \`SIGNALDB_\`, in lower case, with dashes: \`log.level\`, \`SIGNALDB_LOG_LEVEL\`, \`--log-level\`. Flags win over the
environment, and that over the file, setting by setting. A name that doesn't exist is refused with the nearest one that does. \`--help\`
lists a program's settings.

Lists and maps are written \`a,b\` and \`key=value,key=value\` outside of files. Every secret can be given as a file: \`SIGNALDB_STORE_SECRET_KEY_FILE\`.
Relative paths begin in the folder in which the program was called.

\`\`\`yaml
log:
  level: debug
store:
  url: s3://observability/signaldb
  endpoint: http://minio:9000
acceptor:
  logBytesMax: 50000000000
\`\`\`

The single process (\`npm start\`) has all of the sections below except \`controlPlane\`. A service by itself has \`log\`, \`ops\`, its own
section, \`tls\` where clients connect to it, \`store\` where it uses one (writer, querier, flowctl), \`controlPlane\` (all but flowctl), and
a data folder of its own: \`dataDir\`, default \`./data/<service>\` (all but router).

## What services share

${shared}
${controlPlane}
## The services' own

${own.join('\n')}`;
}

export const configurationFile = join(import.meta.dirname, '..', 'docs', 'configuration.md');

if (import.meta.main) writeFileSync(configurationFile, configurationPage());
