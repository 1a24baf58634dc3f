import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FlightClient } from '@signaldb/flight';
import { createHarness, type Harness, type Transport, until } from './testing/harness.ts';
import { createStandInWriter, type StandInWriter } from './testing/stand-in-writer.ts';

describe.each<Transport>(['inproc', 'sockets'])('an acceptor and its writer over %s', (transport) => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await createHarness(transport);
  });
  afterEach(() => harness.close());

  const namesOf = (writer: StandInWriter) => writer.rows.map(({ name }) => name);
  const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `s${from + i}`);

  it('hands on what it acknowledged, once, in order, and forgets what was committed', async () => {
    const { writer } = await harness.startWriter();
    const acceptor = await harness.start();
    for (let i = 1; i <= 50; i++) await acceptor.otlp.traces([`s${i}`]);
    await until('all is committed', () => writer.rows.length === 50);
    expect(namesOf(writer)).toEqual(numbered(1, 50));
    expect(writer.rows.map(({ lsn }) => lsn)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(writer.rows[0]).toMatchObject({ tenant: 'default', table: 'traces' });
    expect(writer.messages[0]).toMatchObject({ log_id: acceptor.logId, requested_durability: 'iceberg_committed' });
    expect(harness.controlPlane.state.logs).toMatchObject([
      { logId: acceptor.logId, writerId: 'writer-1', drained: false },
    ]);
    await until('the commit is known', async () => (await metric(acceptor.metrics, 'log_committed_lsn')) === 50);
  });

  it('joins requests into batches', async () => {
    const { writer } = await harness.startWriter();
    const acceptor = await harness.start({ batchAgeMsMax: 200 });
    await until('the stream is open', () => writer.streams === 1);
    await Promise.all(numbered(1, 100).map((name) => acceptor.otlp.traces([name, name])));
    await until('all is committed', () => writer.rows.length === 200);
    expect(writer.messages.filter((message) => message.table_name).length).toBeLessThan(10);
  });

  it('accepts while there is no writer, and hands all on when there is one', async () => {
    const acceptor = await harness.start({ batchRowsMax: 10 });
    for (let i = 1; i <= 100; i++) await acceptor.otlp.traces([`s${i}`]);
    expect(await metric(acceptor.metrics, 'forward_waiting_bytes')).toBe(0);
    const { writer } = await harness.startWriter();
    for (let i = 101; i <= 120; i++) await acceptor.otlp.traces([`s${i}`]);
    await until('all is committed', () => writer.rows.length === 120);
    expect(namesOf(writer)).toEqual(numbered(1, 120));
  });

  it('sends again what was not committed when a stream broke, and no row arrives twice', async () => {
    const { writer } = await harness.startWriter();
    const acceptor = await harness.start({ batchAgeMsMax: 5 });
    writer.breakEvery = 7;
    for (let i = 1; i <= 150; i++) await acceptor.otlp.traces([`s${i}`]);
    writer.breakEvery = 0;
    await until('all is committed', () => writer.rows.length === 150);
    expect(namesOf(writer)).toEqual(numbered(1, 150));
    expect(writer.streams).toBeGreaterThan(3);
    const epochs = writer.messages.flatMap(({ epoch }) => (epoch === undefined ? [] : [Number(epoch)]));
    expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
  });

  it('keeps its memory flat while the writer stands still', async () => {
    const { writer } = await harness.startWriter();
    const acceptor = await harness.start({ forwardBytesMax: 1_000_000, batchRowsMax: 50 });
    await until('the stream is open', () => writer.streams === 1);
    writer.stall();
    const total = 30;
    const bulk = Array.from({ length: 100 }, (_, i) => `${i}-${'x'.repeat(3000)}`);
    for (let i = 0; i < total; i++) {
      await acceptor.otlp.traces(bulk);
      expect(await metric(acceptor.metrics, 'forward_waiting_bytes')).toBeLessThan(1_500_000);
    }
    writer.resume();
    await until('all is committed', () => writer.rows.length === total * 100);
    expect(new Set(writer.rows.map(({ lsn, name }) => `${lsn} ${name}`)).size).toBe(total * 100);
    expect(await metric(acceptor.metrics, 'replays_total')).toBeGreaterThan(1);
  });

  it('goes on from the log after a restart', async () => {
    const first = await harness.start();
    for (let i = 1; i <= 20; i++) await first.otlp.traces([`s${i}`]);
    await first.close();
    const { writer } = await harness.startWriter();
    const second = await harness.start();
    expect(second.logId).toBe(first.logId);
    await second.otlp.traces(['s21']);
    await until('all is committed', () => writer.rows.length === 21);
    expect(namesOf(writer)).toEqual(numbered(1, 21));
    await second.close();
    const third = await harness.start();
    await third.otlp.traces(['s22']);
    await until('all is committed', () => writer.rows.length === 22);
  });

  it('moves to another writer when its own has gone, under a higher epoch', async () => {
    const one = await harness.startWriter(createStandInWriter(), 'writer-1');
    const acceptor = await harness.start();
    await acceptor.otlp.traces(['s1']);
    await until('the first is committed', () => one.writer.rows.length === 1);
    await one.stop();
    await acceptor.otlp.traces(['s2']);
    const two = await harness.startWriter(createStandInWriter(), 'writer-2');
    await acceptor.otlp.traces(['s3']);
    await until('the others are committed', () => two.writer.rows.length >= 2);
    expect(namesOf(two.writer).slice(-2)).toEqual(['s2', 's3']);
    expect(Number(two.writer.messages[0]!.epoch)).toBeGreaterThan(Number(one.writer.messages[0]!.epoch));
  });

  it('moves when the log belongs to another writer for a while, and not at once', async () => {
    const one = await harness.startWriter(createStandInWriter(), 'writer-1');
    const acceptor = await harness.start({ rebalanceDelayMs: 150 });
    await acceptor.otlp.traces(['s1']);
    await until('the first is committed', () => one.writer.rows.length === 1);
    const two = await harness.startWriter(createStandInWriter(), 'writer-2');
    harness.controlPlane.setHealthy('writer-1', false);
    harness.controlPlane.setHealthy('writer-1', true);
    harness.controlPlane.setHealthy('writer-1', false);
    await acceptor.otlp.traces(['s2']);
    expect(two.writer.streams).toBe(0);
    await until('the log has moved', () => two.writer.streams === 1);
    await acceptor.otlp.traces(['s3']);
    await until('the new writer has the rest', () => namesOf(two.writer).includes('s3'));
  });

  it('goes on while the control plane is away', async () => {
    const { writer } = await harness.startWriter();
    const acceptor = await harness.start();
    await acceptor.otlp.traces(['s1']);
    await until('the first is committed', () => writer.rows.length === 1);
    harness.controlPlane.isAway = true;
    await acceptor.otlp.traces(['s2']);
    await until('the second is committed', () => writer.rows.length === 2);
    writer.breakStreams();
    await acceptor.otlp.traces(['s3']);
    harness.controlPlane.isAway = false;
    await until('the third is committed', () => writer.rows.length === 3);
  });

  it('answers a barrier with an LSN that covers all it acknowledged, and sends at once', async () => {
    const { writer } = await harness.startWriter();
    const acceptor = await harness.start({ batchAgeMsMax: 60_000 });
    await until('the stream is open', () => writer.streams === 1);
    await acceptor.otlp.traces(['s1']);
    await acceptor.otlp.traces(['s2']);
    expect(writer.rows).toEqual([]);
    const barrier = await action(acceptor.flight, 'barrier', { tenant: 'default' });
    const { epoch, logId, writerId } = harness.controlPlane.state.logs[0]!;
    expect(barrier).toEqual([{ log_id: logId, epoch, lsn: 2, writer_id: writerId }]);
    await until('the writer has it', () => writer.throughLsn >= 2);
  });

  it('says in a barrier that no writer has its rows', async () => {
    const acceptor = await harness.start();
    await acceptor.otlp.traces(['s1']);
    expect(await action(acceptor.flight, 'barrier', {})).toEqual([
      { log_id: acceptor.logId, epoch: 0, lsn: 1, writer_id: '' },
    ]);
  });

  it('stops in order: what it has is committed, and readers are told that they need not ask', async () => {
    const { writer } = await harness.startWriter();
    const acceptor = await harness.start({ batchAgeMsMax: 60_000, drainMsMax: 5000 });
    await until('the stream is open', () => writer.streams === 1);
    await acceptor.otlp.traces(['s1']);
    await acceptor.close();
    expect(namesOf(writer)).toEqual(['s1']);
    expect(harness.controlPlane.state.logs).toMatchObject([{ drained: true }]);
    expect(harness.controlPlane.state.services.map(({ serviceId }) => serviceId)).toEqual(['writer-1']);
  });

  it('stops in bounded time when the writer does not commit, and loses nothing', async () => {
    const { writer } = await harness.startWriter();
    writer.holdCommits = true;
    const acceptor = await harness.start({ drainMsMax: 200 });
    await acceptor.otlp.traces(['s1']);
    const started = performance.now();
    await acceptor.close();
    expect(performance.now() - started).toBeLessThan(3000);
    expect(harness.controlPlane.state.logs.every(({ drained }) => !drained)).toBe(true);
    writer.holdCommits = false;
    await harness.start();
    await until('it is committed', () => writer.rows.length === 1);
  });

  it('keeps tenants apart', async () => {
    const { writer } = await harness.startWriter();
    const acceptor = await harness.start();
    await acceptor.otlp.traces(['a'], { 'x-scope-orgid': 'team-a' });
    await acceptor.otlp.traces(['b'], { 'x-scope-orgid': 'team-b' });
    await acceptor.otlp.traces(['c']);
    await until('all is committed', () => writer.rows.length === 3);
    expect(writer.rows.map(({ tenant, name }) => `${tenant} ${name}`).sort()).toEqual([
      'default c',
      'team-a a',
      'team-b b',
    ]);
  });

  it('is ready when the control plane knows it', async () => {
    harness.controlPlane.isAway = true;
    const acceptor = await harness.start();
    expect(await acceptor.readiness.report()).toMatchObject({
      ready: false,
      checks: { 'acceptor.log': 'ok', 'acceptor.cluster': 'the control plane is not reached' },
    });
    await acceptor.otlp.traces(['s1']); // and takes data all the same
    harness.controlPlane.isAway = false;
    await until('it is ready', async () => (await acceptor.readiness.report()).ready);
  });

  it('refuses a second acceptor in its folder', async () => {
    await harness.start();
    await expect(harness.start()).rejects.toMatchObject({ code: 'LOCKED' });
  });
});

async function action(client: FlightClient, type: string, body: unknown): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const result of client.doAction({ type, body: Buffer.from(JSON.stringify(body)) })) {
    results.push(JSON.parse(Buffer.from(result).toString()));
  }
  return results;
}

async function metric(
  metrics: { registry: { getSingleMetric(name: string): unknown } },
  name: string,
): Promise<number> {
  const found = metrics.registry.getSingleMetric(`signaldb_acceptor_${name}`) as {
    get(): Promise<{ values: { value: number }[] }>;
  };
  return (await found.get()).values.reduce((sum, { value }) => sum + value, 0);
}
