import { describe, expect, it } from '@jest/globals';
import { GrpcError, Status } from '@signaldb/grpc';
import { ScriptedCluster } from '../testing/scripted-cluster.ts';
import { askLogs } from './ask-logs.ts';

const request = { tenant: 't1', tables: ['traces'], times: { min: 5n, max: 9n } };

function file(overrides: Record<string, unknown> = {}) {
  return {
    tenant: 't1',
    table: 'traces',
    log_id: 'l1',
    epoch: 3,
    first_lsn: 1,
    last_lsn: 7,
    rows: 10,
    bytes: 100,
    min_time: '5',
    max_time: '-6',
    path: '/nowhere/1.parquet',
    name: '1.parquet',
    trace_index: true,
    ...overrides,
  };
}

interface Scene {
  readonly barrier?: (body: object) => unknown[] | Promise<unknown[]>;
  readonly hotFiles?: (body: object) => unknown[] | Promise<unknown[]>;
  readonly acceptors?: readonly string[];
  readonly writers?: readonly string[];
  readonly drained?: boolean;
}

function scene({
  barrier,
  hotFiles,
  acceptors = ['a1'],
  writers = ['w1'],
  drained = false,
}: Scene = {}): ScriptedCluster {
  const cluster = new ScriptedCluster();
  for (const id of acceptors) {
    cluster.addService('acceptor', id, {
      barrier: barrier ?? (() => [{ log_id: 'l1', epoch: 3, lsn: 7, writer_id: 'w1' }]),
    });
  }
  for (const id of writers)
    cluster.addService('writer', id, { hot_files: hotFiles ?? (() => [{ files: [file()], missing: [] }]) });
  cluster.addLog({ logId: 'l1', acceptorId: 'a1', writerId: 'w1', epoch: 3, drained });
  return cluster;
}

const ask = (cluster: ScriptedCluster) =>
  askLogs({ state: () => cluster.state, clients: cluster, barrierTimeoutMs: 100, hotFilesTimeoutMs: 100 }, request);

const never = () => new Promise<never>(() => {});
const refuse = () => {
  throw new GrpcError(Status.UNAVAILABLE, 'gone away');
};

describe('askLogs', () => {
  it('asks the acceptor first, then its writer up to the last acknowledged LSN', async () => {
    const cluster = scene();
    const tail = await ask(cluster);
    expect(cluster.asked).toEqual([
      { location: 'inproc://a1', type: 'barrier', body: { tenant: 't1', tables: ['traces'] } },
      {
        location: 'inproc://w1',
        type: 'hot_files',
        body: { tenant: 't1', tables: ['traces'], logs: { l1: { epoch: 3, lsn: 7 } }, min_time: '5', max_time: '9' },
      },
    ]);
    expect(tail.gaps).toEqual([]);
    expect(tail.files).toEqual([
      expect.objectContaining({
        logId: 'l1',
        lastLsn: 7,
        times: { min: 5n, max: -6n },
        location: 'inproc://w1',
        hasTraceFilter: true,
      }),
    ]);
  });

  it('takes no files of other tenants, epochs or logs', async () => {
    const files = [file({ tenant: 't2' }), file({ epoch: 2 }), file({ log_id: 'l2' })];
    expect(await ask(scene({ hotFiles: () => [{ files, missing: [] }] }))).toEqual({ files: [], gaps: [] });
  });

  it('asks no writer for a log without rows, and nobody for a drained log of an acceptor that is gone', async () => {
    const empty = scene({ barrier: () => [{ log_id: 'l1', epoch: 3, lsn: 0, writer_id: '' }] });
    expect(await ask(empty)).toEqual({ files: [], gaps: [] });
    expect(empty.asked.map(({ type }) => type)).toEqual(['barrier']);
    const drained = scene({ acceptors: [], drained: true });
    expect(await ask(drained)).toEqual({ files: [], gaps: [] });
    expect(drained.asked).toEqual([]);
  });

  it('asks acceptors that have no log assigned yet', async () => {
    const cluster = new ScriptedCluster();
    cluster.addService('acceptor', 'a9', { barrier: () => [{ log_id: 'l9', epoch: 0, lsn: 4, writer_id: '' }] });
    expect(await ask(cluster)).toEqual({
      files: [],
      gaps: [{ reason: 'log l9: no writer has it', log: { logId: 'l9', lsn: 4 } }],
    });
  });

  it.each<[string, Scene, RegExp, number]>([
    [
      'an acceptor that hangs: what the writer has is read all the same',
      { barrier: never },
      /acceptor a1 can’t be asked: .*too late/,
      1,
    ],
    ['an acceptor that refuses', { barrier: refuse }, /acceptor a1 can’t be asked: .*gone away/, 1],
    ['an acceptor that answers nonsense', { barrier: () => [{ lsn: 'x' }] }, /acceptor a1 can’t be asked/, 1],
    [
      'an acceptor that is not registered',
      { acceptors: [] },
      /acceptor a1 can’t be asked: acceptor a1 is not registered/,
      1,
    ],
    ['a writer that hangs', { hotFiles: never }, /log l1: writer w1 can’t be asked: .*too late/, 0],
    ['a writer that refuses', { hotFiles: refuse }, /log l1: writer w1 can’t be asked: .*gone away/, 0],
    ['a writer that answers nonsense', { hotFiles: () => [{ files: [{}] }] }, /log l1: writer w1 can’t be asked/, 0],
    ['a writer that answers nothing', { hotFiles: () => [] }, /log l1: writer w1 answered nothing/, 0],
    [
      'a writer that is not registered',
      { writers: [] },
      /log l1: writer w1 can’t be asked: writer w1 is not registered/,
      0,
    ],
    [
      'a writer that lacks a log',
      { hotFiles: () => [{ files: [], missing: [{ log_id: 'l1', reason: 'received through LSN 3 only' }] }] },
      /log l1: writer w1: received through LSN 3 only/,
      0,
    ],
  ])('names %s', async (_name, what, reason, files) => {
    const began = performance.now();
    const tail = await ask(scene(what));
    expect(tail.gaps.map((gap) => gap.reason)).toEqual([expect.stringMatching(reason)]);
    expect(tail.files).toHaveLength(files);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('follows a log that moves to another writer while it is asked for', async () => {
    let writer = 'w1';
    const cluster = scene({
      barrier: () => [{ log_id: 'l1', epoch: writer === 'w1' ? 3 : 4, lsn: 7, writer_id: writer }],
      hotFiles: () => {
        writer = 'w2';
        return [{ files: [], missing: [{ log_id: 'l1', reason: 'its stream was replaced' }] }];
      },
    });
    cluster.addService('writer', 'w2', { hot_files: () => [{ files: [file({ epoch: 4 })], missing: [] }] });
    const tail = await ask(cluster);
    expect(tail.gaps).toEqual([]);
    expect(tail.files.map(({ epoch, location }) => [epoch, location])).toEqual([[4, 'inproc://w2']]);
  });

  it('knows that it knows nothing before the first state', async () => {
    const cluster = scene();
    cluster.blank();
    expect(await ask(cluster)).toEqual({ files: [], gaps: [{ reason: 'the cluster’s state is not known yet' }] });
  });
});
