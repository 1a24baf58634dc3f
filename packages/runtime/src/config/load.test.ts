import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StartupError } from '../startup-error.ts';
import { commonConfig, storeConfig } from './common.ts';
import { defineConfig, path, port, secret, z } from './define.ts';
import { loadConfig } from './load.ts';

const schema = defineConfig({
  ...commonConfig,
  dataDir: path().default('./data').describe('Data'),
  cluster: z.string().optional().describe('Name'),
  acceptor: defineConfig({
    otlpGrpcPort: port().default(4317).describe('OTLP'),
    flushIntervalMs: z.number().int().positive().default(200).describe('Flush'),
    tls: z.boolean().default(false).describe('TLS'),
    peers: z.array(z.string()).default([]).describe('Peers'),
    labels: z.record(z.string(), z.string()).default({}).describe('Labels'),
    password: secret().optional().describe('Password'),
  }).describe('The acceptor.'),
});

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'signaldb-config-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const name = join(dir, `${Math.random()}.yaml`);
  writeFileSync(name, text);
  return name;
}

interface Given {
  yaml?: string;
  env?: Record<string, string>;
  argv?: string[];
}

const load = ({ yaml, env = {}, argv = [] }: Given) =>
  loadConfig(schema, { env, argv, cwd: '/caller', ...(yaml !== undefined && { file: file(yaml) }) });

function refusal(given: Given): string {
  try {
    load(given);
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError);
    expect((error as StartupError).code).toBe('CONFIG_INVALID');
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  throw new Error('was accepted');
}

describe('loadConfig', () => {
  it('gives the defaults where nothing is set', () => {
    expect(load({})).toEqual({
      log: { level: 'info', format: 'auto' },
      ops: { host: '0.0.0.0', port: 9464 },
      dataDir: '/caller/data',
      acceptor: { otlpGrpcPort: 4317, flushIntervalMs: 200, tls: false, peers: [], labels: {} },
    });
  });

  it('lets flags win over the environment, and that over the file, setting by setting', () => {
    const yaml = 'acceptor:\n  otlpGrpcPort: 1\n  flushIntervalMs: 1\n  tls: true\nlog: {level: warn}\n';
    const env = { SIGNALDB_ACCEPTOR_OTLP_GRPC_PORT: '2', SIGNALDB_ACCEPTOR_FLUSH_INTERVAL_MS: '2' };
    const config = load({ yaml, env, argv: ['--acceptor-otlp-grpc-port', '3'] });
    expect(config.acceptor).toMatchObject({ otlpGrpcPort: 3, flushIntervalMs: 2, tls: true });
    expect(config.log.level).toBe('warn');
  });

  it.each<[string, Given, object]>([
    ['--name=value', { argv: ['--acceptor-flush-interval-ms=5'] }, { flushIntervalMs: 5 }],
    ['a dotted flag', { argv: ['--acceptor.flushIntervalMs', '5'] }, { flushIntervalMs: 5 }],
    ['a boolean flag', { argv: ['--acceptor-tls'] }, { tls: true }],
    ['its negation', { yaml: 'acceptor: {tls: true}', argv: ['--no-acceptor-tls'] }, { tls: false }],
    ['a boolean text', { env: { SIGNALDB_ACCEPTOR_TLS: 'Yes' } }, { tls: true }],
    ['a list', { env: { SIGNALDB_ACCEPTOR_PEERS: 'a, b,' } }, { peers: ['a', 'b'] }],
    ['a map', { env: { SIGNALDB_ACCEPTOR_LABELS: 'a=1, b=x=y' } }, { labels: { a: '1', b: 'x=y' } }],
    ['a value with an equals sign', { argv: ['--acceptor-password=a=b'] }, { password: 'a=b' }],
    ['a list in YAML', { yaml: 'acceptor: {peers: [a, b]}' }, { peers: ['a', 'b'] }],
    ['an empty section', { yaml: 'acceptor:\n' }, { tls: false }],
    ['an empty file', { yaml: '# nothing\n' }, { tls: false }],
    ['null for the default', { yaml: 'acceptor: {flushIntervalMs: ~}' }, { flushIntervalMs: 200 }],
  ])('reads %s', (_what, given, wanted) => {
    expect(load(given).acceptor).toMatchObject(wanted);
  });

  it('reads a secret from a file that the environment names', () => {
    expect(load({ env: { SIGNALDB_ACCEPTOR_PASSWORD_FILE: file('hunter2\n') } }).acceptor.password).toBe('hunter2');
  });

  it('finds its file by flag and by environment, relative to the caller', () => {
    writeFileSync(join(dir, 'named.yaml'), 'cluster: x');
    expect(loadConfig(schema, { argv: ['--config', 'named.yaml'], cwd: dir }).cluster).toBe('x');
    expect(loadConfig(schema, { env: { SIGNALDB_CONFIG: 'named.yaml' }, cwd: dir }).cluster).toBe('x');
  });

  it.each(['/abs/data', 'sub/data', '../data'])('resolves the path %s against the caller', (dataDir) => {
    expect(load({ env: { SIGNALDB_DATA_DIR: dataDir } }).dataDir).toBe(
      dataDir.startsWith('/') ? dataDir : join('/caller', dataDir),
    );
  });

  it('leaves a URL where a path may be one', () => {
    const flags = ['--store-url', 's3://bucket/prefix'];
    expect(loadConfig(defineConfig({ store: storeConfig }), { argv: flags, cwd: '/caller' }).store.url).toBe(flags[1]);
  });

  it.each<[string, Record<string, string>]>([
    [
      'a Kubernetes service host',
      { SIGNALDB_WRITER_SERVICE_HOST: '10.0.0.1', SIGNALDB_WRITER_SERVICE_PORT_FLIGHT: '1' },
    ],
    [
      'a service link',
      { SIGNALDB_WRITER_PORT_8816_TCP: 'tcp://10.0.0.1:8816', SIGNALDB_WRITER_PORT_8816_TCP_ADDR: '10.0.0.1' },
    ],
    ['a link that is called like a setting', { SIGNALDB_OPS_PORT: 'tcp://10.0.0.1:9464' }],
    ['what npm start tells', { SIGNALDB_CALLER_DIR: '/x' }],
    ['other programs’ variables', { SIGNAL_X: '1', PATH: '/bin' }],
  ])('ignores %s', (_what, env) => {
    expect(load({ env }).ops.port).toBe(9464);
  });
});

describe('loadConfig refuses', () => {
  it.each<[string, Given, RegExp]>([
    [
      'an unknown key, naming line and the nearest',
      { yaml: 'log: {}\nacceptr:\n  tls: true\n' },
      /\.yaml:2: "acceptr"\. Did you mean "acceptor"\?/,
    ],
    [
      'an unknown key in a section',
      { yaml: 'acceptor:\n  otlpGrpcPrt: 1\n' },
      /:2: "acceptor\.otlpGrpcPrt"\. Did you mean "acceptor\.otlpGrpcPort"\?/,
    ],
    ['a key in the wrong section', { yaml: 'otlpGrpcPort: 1\n' }, /Did you mean "acceptor\.otlpGrpcPort"\?/],
    ['a key like nothing', { yaml: 'zzzzzz: 1\n' }, /Unknown key .*"zzzzzz"\. Run with --help/],
    [
      'an unknown variable',
      { env: { SIGNALDB_LOG_LEVL: 'debug' } },
      /variable "SIGNALDB_LOG_LEVL"\. Did you mean "SIGNALDB_LOG_LEVEL"\?/,
    ],
    ['swapped letters', { env: { SIGNALDB_LOG_LEVLE: 'debug' } }, /Did you mean "SIGNALDB_LOG_LEVEL"\?/],
    ['an unknown flag', { argv: ['--ops-prt', '1'] }, /flag "--ops-prt"\. Did you mean "--ops-port"\?/],
    ['an argument that is no flag', { argv: ['start'] }, /Unexpected argument "start"/],
    ['a flag without its value', { argv: ['--ops-port'] }, /--ops-port needs a value/],
    [
      'a text for a number, naming where',
      { env: { SIGNALDB_OPS_PORT: 'many' } },
      /ops\.port: expected number.*SIGNALDB_OPS_PORT/,
    ],
    ['an empty text for a number', { env: { SIGNALDB_OPS_PORT: '' } }, /ops\.port/],
    ['a port out of range', { argv: ['--ops-port', '70000'] }, /ops\.port.*65535.*--ops-port/],
    ['a number for a text', { yaml: 'cluster: 5' }, /cluster: expected string.*\.yaml:1/],
    ['a value outside an enum', { yaml: '\nlog:\n  level: loud\n' }, /log\.level.*\.yaml:3/],
    ['a value for a section', { yaml: 'acceptor: 5' }, /"acceptor" is a section/],
    ['broken YAML', { yaml: 'a: [1' }, /not valid YAML/],
    ['a list as file', { yaml: '- 1' }, /must hold settings/],
    ['a missing file', { argv: ['--config', '/nowhere/x.yaml'] }, /\/nowhere\/x\.yaml can't be read \(ENOENT\)/],
    [
      'a missing secret file',
      { env: { SIGNALDB_ACCEPTOR_PASSWORD_FILE: '/nowhere' } },
      /_PASSWORD_FILE names \/nowhere/,
    ],
    ['a file for what is no secret', { env: { SIGNALDB_CLUSTER_FILE: '/x' } }, /Unknown environment variable/],
    ['a prototype key', { yaml: '__proto__: {polluted: 1}' }, /Unknown key/],
  ])('%s', (_what, given, wanted) => {
    expect(refusal(given)).toMatch(wanted);
  });

  it('reports all invalid values at once', () => {
    const message = refusal({ yaml: 'log: {level: loud}', env: { SIGNALDB_OPS_PORT: '-1' } });
    expect(message).toContain('log.level');
    expect(message).toContain('ops.port');
  });

  it('names the ways to set what must be set', () => {
    const strict = defineConfig({ bucket: z.string().describe('Bucket') });
    expect(() => loadConfig(strict, {})).toThrow('bucket must be set, for example with SIGNALDB_BUCKET or --bucket.');
  });
});
