import { describe, expect, it } from '@jest/globals';
import type { SchemaInfo, ServiceInfo } from '@signaldb/component';
import { clusterState } from './cluster-state.ts';
import type { Command, Outcome } from './command.ts';
import { reduce } from './reduce.ts';
import { type FlowState, initialState } from './state.ts';
import { stateFromJson, stateToJson } from './state-json.ts';

const service = (serviceId: string, role = 'writer'): ServiceInfo => ({
  serviceId,
  type: 'sink',
  role,
  location: `grpc://${serviceId}:1`,
  inputEventTypes: [],
  outputEventTypes: [],
  healthEndpoint: '',
  maxInflight: 0,
  metadata: { zone: 'a' },
  supportedSchemas: [],
});
const register = (serviceId: string): Command => ({ type: 'register', info: service(serviceId), atMs: 1 });
const assign = (writerId: string, renew = false): Command => ({
  type: 'assign-log',
  logId: 'l',
  acceptorId: 'a',
  writerId,
  renew,
});
const swap = (table: string, expected: string | null, next: string | null, namespace = 'ns') => ({
  namespace,
  table,
  expected,
  next,
});
const schema = (version: number, schemaFingerprint: string): SchemaInfo => ({
  eventType: 'e',
  schemaFormat: 'arrow-json',
  schemaFingerprint,
  schemaDefinition: '{}',
  version,
  compatibleVersions: [],
});

/** What each command came to: its value, or the code of its refusal. */
function run(commands: Command[], from: FlowState = initialState): { state: FlowState; results: unknown[] } {
  const results: unknown[] = [];
  let state = from;
  for (const command of commands) {
    let outcome: Outcome;
    const before = stateToJson(state);
    const previous = state;
    [state, outcome] = reduce(state, command);
    expect(stateToJson(previous)).toBe(before);
    if (!outcome.ok) expect(state).toBe(previous);
    results.push(outcome.ok ? outcome.value : outcome.code);
  }
  return { state, results };
}

describe('registrations', () => {
  it('count epochs over all services and replace an id', () => {
    const { state, results } = run([register('a'), register('b'), register('a')]);
    expect(results).toEqual([1, 2, 3]);
    expect(clusterState(state).services).toMatchObject([
      { serviceId: 'a', epoch: 3, healthy: true, role: 'writer', location: 'grpc://a:1', metadata: { zone: 'a' } },
      { serviceId: 'b', epoch: 2 },
    ]);
    expect(state.revision).toBe(3);
  });

  it.each<[string, Command[], unknown[], number]>([
    ['unregister', [register('a'), { type: 'unregister', serviceId: 'a' }], [1, true], 2],
    ['unregister an unknown one', [{ type: 'unregister', serviceId: 'a' }], [false], 0],
    [
      'unregister an older run',
      [register('a'), register('a'), { type: 'unregister', serviceId: 'a', epoch: 1 }],
      [1, 2, false],
      2,
    ],
    ['unhealthy', [register('a'), { type: 'set-health', serviceId: 'a', epoch: 1, healthy: false }], [1, undefined], 2],
    [
      'unhealthy twice',
      [register('a'), ...Array(2).fill({ type: 'set-health', serviceId: 'a', epoch: 1, healthy: false })],
      [1, undefined, undefined],
      2,
    ],
    [
      'unhealthy for an older run',
      [register('a'), register('a'), { type: 'set-health', serviceId: 'a', epoch: 1, healthy: false }],
      [1, 2, 'NOT_FOUND'],
      2,
    ],
  ])('%s', (_what, commands, results, revision) => {
    const ended = run(commands);
    expect(ended.results).toEqual(results);
    expect(ended.state.revision).toBe(revision);
  });
});

describe('log assignments', () => {
  const ready = [register('a'), register('w1'), register('w2')];
  it.each<[string, Command[], unknown[]]>([
    ['keep their epoch for the same runs', [assign('w1'), assign('w1')], [1, 1]],
    ['rise with another writer', [assign('w1'), assign('w2'), assign('w1')], [1, 2, 3]],
    ['rise on demand', [assign('w1'), assign('w1', true)], [1, 2]],
    [
      'rise when the acceptor was started again',
      [assign('w1'), register('a'), assign('w1'), assign('w1')],
      [1, 4, 2, 2],
    ],
    ['rise when the writer was started again', [assign('w1'), register('w1'), assign('w1')], [1, 4, 2]],
    [
      'rise after a drain',
      [assign('w1'), { type: 'drain-log', logId: 'l', epoch: 1 }, assign('w1')],
      [1, undefined, 2],
    ],
    [
      'drain twice',
      [assign('w1'), { type: 'drain-log', logId: 'l', epoch: 1 }, { type: 'drain-log', logId: 'l', epoch: 1 }],
      [1, undefined, undefined],
    ],
    ['refuse an unknown writer', [assign('w3')], ['NOT_FOUND']],
    ['refuse an unknown acceptor', [{ type: 'unregister', serviceId: 'a' }, assign('w1')], [true, 'NOT_FOUND']],
    [
      'refuse to drain at an older epoch',
      [assign('w1'), assign('w2'), { type: 'drain-log', logId: 'l', epoch: 1 }],
      [1, 2, 'FAILED_PRECONDITION'],
    ],
    ['refuse to drain an unknown log', [{ type: 'drain-log', logId: 'x', epoch: 1 }], ['NOT_FOUND']],
  ])('%s', (_what, commands, results) => {
    expect(run([...ready, ...commands]).results.slice(ready.length)).toEqual(results);
  });

  it('are seen by those who watch, without what is the state machine’s own', () => {
    const { state } = run([...ready, assign('w2'), { type: 'drain-log', logId: 'l', epoch: 1 }]);
    expect(clusterState(state).logs).toEqual([
      { logId: 'l', acceptorId: 'a', writerId: 'w2', epoch: 1, drained: true },
    ]);
  });
});

describe('schemas', () => {
  const add = (version: number, fingerprint: string): Command => ({
    type: 'register-schema',
    schema: schema(version, fingerprint),
  });
  it.each<[string, Command[], unknown[]]>([
    ['count versions', [add(1, 'x'), add(2, 'y')], [schema(1, 'x'), schema(2, 'y')]],
    [
      'are the same by fingerprint',
      [add(1, 'x'), add(2, 'y'), add(3, 'x')],
      [schema(1, 'x'), schema(2, 'y'), schema(1, 'x')],
    ],
    ['refuse a version that is taken', [add(1, 'x'), add(1, 'y')], [schema(1, 'x'), 'ABORTED']],
    ['refuse a gap', [add(2, 'x')], ['ABORTED']],
  ])('%s', (_what, commands, results) => {
    expect(run(commands).results).toEqual(results);
  });
});

describe('catalog pointers', () => {
  const ns = (namespace = 'ns'): Command => ({ type: 'create-namespace', namespace, properties: [['owner', 'x']] });
  const swaps = (...changes: ReturnType<typeof swap>[]): Command => ({ type: 'swap-pointers', changes });
  it.each<[string, Command[], unknown[], Record<string, string>]>([
    [
      'create, replace, drop',
      [ns(), swaps(swap('t', null, '1')), swaps(swap('t', '1', '2')), swaps(swap('u', null, '3'))],
      [true, true, true, true],
      { t: '2', u: '3' },
    ],
    ['drop', [ns(), swaps(swap('t', null, '1')), swaps(swap('t', '1', null))], [true, true, true], {}],
    [
      'lose to who was faster',
      [ns(), swaps(swap('t', null, '1')), swaps(swap('t', null, '2')), swaps(swap('t', '0', '3'))],
      [true, true, false, false],
      { t: '1' },
    ],
    ['without namespace', [swaps(swap('t', null, '1'))], [false], {}],
    ['all or none', [ns(), swaps(swap('t', null, '1'), swap('u', 'x', '2'))], [true, false], {}],
    [
      'rename',
      [ns(), swaps(swap('t', null, '1')), swaps(swap('t', '1', null), swap('u', null, '1'))],
      [true, true, true],
      { u: '1' },
    ],
    [
      'see changes before them in the same command',
      [ns(), swaps(swap('t', null, '1'), swap('t', '1', '2'))],
      [true, true],
      { t: '2' },
    ],
    [
      'names that objects have',
      [ns(), swaps(swap('__proto__', null, '1')), swaps(swap('constructor', null, '2'))],
      [true, true, true],
      { ['__proto__']: '1', constructor: '2' },
    ],
  ])('%s', (_what, commands, results, tables) => {
    const { state, results: got } = run(commands);
    expect(got).toEqual(results);
    expect(new Map(state.namespaces.get('ns')?.tables ?? [])).toEqual(new Map(Object.entries(tables)));
  });

  it('guard namespaces', () => {
    const drop: Command = { type: 'drop-namespace', namespace: 'ns' };
    const commands = [drop, ns(), ns(), swaps(swap('t', null, '1')), drop, swaps(swap('t', '1', null)), drop];
    expect(run(commands).results).toEqual(['missing', true, false, true, 'not-empty', true, 'dropped']);
  });

  it('replace properties', () => {
    const set: Command = { type: 'set-namespace', namespace: 'ns', properties: [['a', 'b']] };
    const { state, results } = run([set, ns(), set]);
    expect(results).toEqual([false, true, true]);
    expect([...state.namespaces.get('ns')!.properties]).toEqual([['a', 'b']]);
  });

  it('don’t move the watched revision', () => {
    expect(run([ns(), swaps(swap('t', null, '1'))]).state.revision).toBe(0);
  });
});

describe('pipeline runs', () => {
  const create = (runId: string): Command => ({
    type: 'create-run',
    runId,
    pipelineName: 'p',
    configYaml: '',
    componentIds: [],
    atMs: 1,
  });
  const update = (status: 'running' | 'failed' | 'stopped' | 'unknown', atMs = 5): Command => ({
    type: 'update-run',
    runId: 'r',
    status,
    error: '',
    metricsJson: '',
    atMs,
  });

  it('go from start to end', () => {
    const { results } = run([create('r'), update('running'), update('failed', 7), update('unknown', 9)]);
    expect(results).toMatchObject([
      { status: 'starting', startedAtMs: 1, endedAtMs: 0 },
      { status: 'running', endedAtMs: 0 },
      { status: 'failed', endedAtMs: 7 },
      { status: 'failed', endedAtMs: 7 },
    ]);
  });

  it('refuse an id twice and one that isn’t there', () => {
    expect(run([create('x'), create('x'), update('running')]).results.slice(1)).toEqual([
      'ALREADY_EXISTS',
      'NOT_FOUND',
    ]);
  });

  it('forget the oldest that ended', () => {
    let { state } = run([create('r'), update('stopped')]);
    for (let i = 0; i < 1000; i++) [state] = reduce(state, create(`run-${i}`));
    expect([state.runs.size, state.runs.has('r')]).toEqual([1000, false]);
  });
});

describe('the state as JSON', () => {
  it('comes back as it was', () => {
    const commands: Command[] = [
      register('__proto__'),
      { type: 'create-namespace', namespace: '__proto__', properties: [['$map', 'x']] },
      { type: 'swap-pointers', changes: [swap('t', null, 's3://x', '__proto__')] },
    ];
    const { state } = run(commands);
    expect(stateFromJson(stateToJson(state))).toEqual(state);
    expect(
      run(
        [{ type: 'swap-pointers', changes: [swap('t', 's3://x', 'y', '__proto__')] }],
        stateFromJson(stateToJson(state)),
      ).results,
    ).toEqual([true]);
  });
});
