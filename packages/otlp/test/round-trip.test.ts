import { describe, expect, it } from '@jest/globals';
import { LogsData } from '@signaldb/proto/opentelemetry/proto/logs/v1/logs';
import { MetricsData } from '@signaldb/proto/opentelemetry/proto/metrics/v1/metrics';
import { TracesData } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';
import {
  createSignalAppender,
  encodeLogs,
  encodeMetrics,
  encodeTraces,
  type SealedBatch,
  type Signal,
} from '../src/index.ts';
import { canonicalLogs, canonicalMetrics, canonicalTraces } from './canonical.ts';
import { RandomOtlp } from './random-otlp.ts';

const ROUNDS = 60;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

function throughColumns(
  signal: Signal,
  requests: readonly Uint8Array[],
  encoding: 'protobuf' | 'json',
  max: number,
): SealedBatch[] {
  const appender = createSignalAppender({ signal, columns: { attributeColumnsMax: max } });
  requests.forEach((request, i) => {
    appender.append(request, encoding);
    appender.commit(i + 1);
  });
  return appender.seal();
}

/** The cases of one signal: how to make requests, send them through the tables and compare. */
const signals = {
  traces: {
    make: (random: RandomOtlp) => TracesData.encode(random.traces()).finish(),
    protobuf: (sealed: SealedBatch[]) =>
      encodeTraces(
        sealed.map(({ batch }) => batch),
        'protobuf',
      ),
    json: (sealed: SealedBatch[]) =>
      encodeTraces(
        sealed.map(({ batch }) => batch),
        'json-otlp',
      ),
    canonical: (bytes: Uint8Array) => canonicalTraces(TracesData.decode(bytes)),
  },
  logs: {
    make: (random: RandomOtlp) => LogsData.encode(random.logs()).finish(),
    protobuf: (sealed: SealedBatch[]) =>
      encodeLogs(
        sealed.map(({ batch }) => batch),
        'protobuf',
      ),
    json: (sealed: SealedBatch[]) =>
      encodeLogs(
        sealed.map(({ batch }) => batch),
        'json-otlp',
      ),
    canonical: (bytes: Uint8Array) => canonicalLogs(LogsData.decode(bytes)),
  },
  metrics: {
    make: (random: RandomOtlp) => MetricsData.encode(random.metrics()).finish(),
    protobuf: (sealed: SealedBatch[]) => encodeMetrics(sealed, 'protobuf'),
    json: (sealed: SealedBatch[]) => encodeMetrics(sealed, 'json-otlp'),
    canonical: (bytes: Uint8Array) => canonicalMetrics(MetricsData.decode(bytes)),
  },
};

describe.each(Object.entries(signals))('%s: what was sent comes back', (name, { make, protobuf, json, canonical }) => {
  const signal = name as Signal;

  it.each([200, 5, 0])('with room for %d attribute columns', (max) => {
    for (let round = 0; round < ROUNDS; round++) {
      const random = new RandomOtlp(seed + round);
      const requests = random.many(3, () => make(random));
      const sent = requests.flatMap(canonical).sort();
      const back = canonical(protobuf(throughColumns(signal, requests, 'protobuf', max)));
      if (JSON.stringify(back) !== JSON.stringify(sent))
        throw new Error(`SEED=${seed + round}`, { cause: diff(sent, back) });
    }
  });

  it('by way of JSON', () => {
    for (let round = 0; round < ROUNDS; round++) {
      const random = new RandomOtlp(seed + round);
      const request = make(random);
      const sealed = throughColumns(signal, [request], 'protobuf', 200);
      const body = Buffer.from(JSON.stringify(json(sealed), (_, value) => (Object.is(value, -0) ? '-0' : value)));
      const again = protobuf(throughColumns(signal, [body], 'json', 200));
      expect({ seed: seed + round, back: canonical(again) }).toEqual({ seed: seed + round, back: canonical(request) });
    }
  });
});

function diff(sent: string[], back: string[]): string {
  const i = sent.findIndex((line, at) => line !== back[at]);
  return `sent ${sent.length} items, got ${back.length}\n${sent[i]}\n${back[i]}`;
}
