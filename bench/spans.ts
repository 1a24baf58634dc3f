import { ExportTraceServiceRequest } from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';
import type { ResourceSpans } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';
import { type Places, placesOf } from './shop/places.ts';
import { createRandom, type Random } from './shop/random.ts';
import { podsOf, type Service, services } from './shop/services.ts';
import { makeTrace, type ShopSpan } from './shop/trace.ts';

export interface TraceRequestsOptions {
  /** Default 500: about 250 kB. */
  readonly spansPerRequest?: number;
  /** How many requests to make. */
  readonly requests: number;
  /** The same seed makes the same requests. Default 1. */
  readonly seed?: number;
  /** When the first trace begins, in nanoseconds since 1970. Default 2026-01-01T00:00:00Z. */
  readonly startTimeNs?: bigint;
  /** How fast the spans come, by their own times. Default 20 000. */
  readonly spansPerSecond?: number;
  /** How many different requests there are before ids and times alone tell them apart. Default 40. */
  readonly templates?: number;
}

interface Template {
  readonly bytes: Uint8Array;
  readonly places: Places;
}

const START_NS = 1_767_225_600_000_000_000n;

/**
 * Encoded ExportTraceServiceRequests of a shop of 16 services: about 493 bytes and 20 attributes a span, traces of 3 to 30
 * spans with true parents, some errors, events and links. A few requests are made as templates; the rest are copies with
 * other ids and times, so a million spans take about a second.
 */
export function* makeTraceRequests(options: TraceRequestsOptions): Generator<Uint8Array> {
  const { spansPerRequest = 500, requests, seed = 1, startTimeNs = START_NS, spansPerSecond = 20_000 } = options;
  const random = createRandom(seed);
  const requestNs = Math.floor((spansPerRequest * 1e9) / spansPerSecond);
  const pods = new Map(services.map((service) => [service, podsOf(service, random)]));
  const templates = Array.from({ length: Math.min(requests, options.templates ?? 40) }, () =>
    makeTemplate(random, spansPerRequest, requestNs, pods),
  );
  for (let i = 0; i < requests; i++) {
    const template = templates[i % templates.length]!;
    yield instantiate(template, startTimeNs + BigInt(i) * BigInt(requestNs), random);
  }
}

type Pods = ReadonlyMap<Service, ReturnType<typeof podsOf>>;

/** A request whose times count from 0. */
function makeTemplate(random: Random, spanCount: number, requestNs: number, pods: Pods): Template {
  const spans: ShopSpan[] = [];
  while (spans.length < spanCount) spans.push(...makeTrace(random, BigInt(random.between(0, requestNs))));
  const resourceSpans = groupByPod(spans.slice(0, spanCount), pods, random);
  const bytes = ExportTraceServiceRequest.encode({ resourceSpans }).finish();
  return { bytes, places: placesOf(bytes) };
}

function groupByPod(spans: readonly ShopSpan[], pods: Pods, random: Random): ResourceSpans[] {
  const groups = new Map<object, ResourceSpans>();
  for (const { service, span } of spans) {
    const attributes = random.pick(pods.get(service)!);
    let group = groups.get(attributes);
    if (!group) {
      const scope = { name: service.scope, version: service.version, attributes: [], droppedAttributesCount: 0 };
      group = {
        resource: { attributes, droppedAttributesCount: 0, entityRefs: [] },
        scopeSpans: [{ scope, spans: [], schemaUrl: '' }],
        schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
      };
      groups.set(attributes, group);
    }
    group.scopeSpans[0]!.spans.push(span);
  }
  return [...groups.values()];
}

/** A copy with ids and times of its own: all ids are changed by the same bits, so that parents stay parents. */
function instantiate({ bytes, places }: Template, startNs: bigint, random: Random): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const nonce = Int32Array.from({ length: 4 }, () => random.next() * 0x1_0000_0000);
  for (const at of places.traceIds) {
    for (let word = 0; word < 4; word++) view.setInt32(at + word * 4, view.getInt32(at + word * 4) ^ nonce[word]!);
  }
  for (const at of places.spanIds) {
    view.setInt32(at, view.getInt32(at) ^ nonce[2]!);
    view.setInt32(at + 4, view.getInt32(at + 4) ^ nonce[3]!);
  }
  const lo = Number(startNs & 0xffff_ffffn);
  const hi = Number(startNs >> 32n);
  let jitter = nonce[0]!;
  for (const at of places.times) {
    jitter = Math.imul(jitter, 0x2c1b_3c6d) + 0x9e37_79b9; // clocks don't tick in round numbers
    const low = lo + view.getUint32(at, true) + ((jitter >>> 16) & 0x3fff);
    view.setUint32(at, low, true);
    view.setUint32(at + 4, hi + view.getUint32(at + 4, true) + (low >= 0x1_0000_0000 ? 1 : 0), true);
  }
  return copy;
}
