import { describe, expect, it } from '@jest/globals';
import { defineConfig, port, secret, z } from './define.ts';
import { describeConfig, describeFlags } from './describe.ts';
import { configLeaves } from './leaves.ts';

const schema = defineConfig({
  name: z.string().describe('Who it is'),
  log: defineConfig({ level: z.enum(['a', 'b']).default('a').describe('Least | level') }).describe('Logs.'),
  acceptor: defineConfig({
    otlpHttpPort: port().default(4318).describe('OTLP'),
    s3Key: secret().default('never shown').describe('Key'),
    http2WindowBytes: z.number().optional().describe('Window'),
  }),
});

describe('describeConfig', () => {
  it('writes one table a section, in the order of the schema', () => {
    expect(describeConfig(schema)).toBe(`| setting | environment | default | meaning |
| --- | --- | --- | --- |
| \`name\` | \`SIGNALDB_NAME\` | *required* | Who it is |

### \`log\`

Logs.

| setting | environment | default | meaning |
| --- | --- | --- | --- |
| \`log.level\` | \`SIGNALDB_LOG_LEVEL\` | \`a\` | Least \\| level (a, b) |

### \`acceptor\`

| setting | environment | default | meaning |
| --- | --- | --- | --- |
| \`acceptor.otlpHttpPort\` | \`SIGNALDB_ACCEPTOR_OTLP_HTTP_PORT\` | \`4318\` | OTLP |
| \`acceptor.s3Key\` | \`SIGNALDB_ACCEPTOR_S3_KEY\` | \`secret\` | Key |
| \`acceptor.http2WindowBytes\` | \`SIGNALDB_ACCEPTOR_HTTP2_WINDOW_BYTES\` | *none* | Window |
`);
  });

  it('leaves out what is described elsewhere', () => {
    expect(describeConfig(schema, { except: ['acceptor', ''] })).not.toContain('acceptor');
  });

  it('lists flags for --help', () => {
    expect(describeFlags(schema).split('\n')[0]).toMatch(/^ {2}--name +Who it is \[required\]$/);
  });
});

describe('configLeaves', () => {
  it('gives every setting distinct names', () => {
    const leaves = configLeaves(schema);
    expect(new Set(leaves.map(({ environment }) => environment)).size).toBe(leaves.length);
    expect(new Set(leaves.map(({ flag }) => flag)).size).toBe(leaves.length);
  });
});
