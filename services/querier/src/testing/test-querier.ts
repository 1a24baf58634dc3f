import { join } from 'node:path';
import type { CallContext, FlightMessage } from '@signaldb/flight';
import { Metadata } from '@signaldb/grpc';
import { createLogger, createMetrics } from '@signaldb/runtime';
import type { RecordBatch, Schema } from 'apache-arrow';
import { type QuerierConfig, querierConfig } from '../config.ts';
import { createEngine, type Engine } from '../create-engine.ts';
import type { TestWorld } from './test-world.ts';

/** What an answer says of itself. */
export interface OutcomeJson {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly metrics: Readonly<Record<string, number>>;
}

export interface Answer {
  readonly schema: Schema | undefined;
  readonly batches: readonly RecordBatch[];
  /** Rows as plain objects, for comparing. */
  readonly rows: readonly Record<string, unknown>[];
  readonly outcome: OutcomeJson;
  readonly messages: readonly FlightMessage[];
}

/** A querier over a test's world, asked as a router asks. */
export class TestQuerier {
  readonly engine: Engine;

  constructor(world: TestWorld, config: Partial<QuerierConfig> = {}, dataDir = join(world.dir, 'querier')) {
    this.engine = createEngine(
      {
        config: { ...querierConfig.parse({}), ...config },
        dataDir,
        logger: createLogger({ name: 'test', level: 'silent' }),
        metrics: createMetrics(),
        catalog: world.catalog,
        store: world.store,
      },
      world.cluster,
    );
  }

  stream(ticket: object, signal: AbortSignal): AsyncIterable<FlightMessage> {
    const bytes = Buffer.from(JSON.stringify({ tenant: 'default', ...ticket }));
    return this.engine.service.doGet!(bytes, contextOf(signal));
  }

  async get(ticket: object, signal = new AbortController().signal): Promise<Answer> {
    const messages: FlightMessage[] = [];
    for await (const message of this.stream(ticket, signal)) messages.push(message);
    const batches = messages.flatMap(({ batch }) => (batch ? [batch] : []));
    const last = messages.at(-1)?.appMetadata;
    return {
      schema: messages.find(({ schema }) => schema)?.schema,
      batches,
      rows: batches.flatMap((batch) => batch.toArray().map((row) => row.toJSON())),
      outcome: JSON.parse(Buffer.from(last ?? '{}').toString()),
      messages,
    };
  }

  sql(sql: string, ticket: object = {}): Promise<Answer> {
    return this.get({ kind: 'sql', sql, ...ticket });
  }

  async action(type: string, body: object): Promise<Record<string, never>[]> {
    const results: Record<string, never>[] = [];
    const action = { type, body: Buffer.from(JSON.stringify({ tenant: 'default', ...body })) };
    for await (const result of this.engine.service.doAction!(action, contextOf(new AbortController().signal))) {
      results.push(JSON.parse(Buffer.from(result).toString()));
    }
    return results;
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}

function contextOf(signal: AbortSignal): CallContext {
  return { metadata: new Metadata(), responseHeaders: new Metadata(), signal, peer: 'test', transport: 'inproc' };
}
