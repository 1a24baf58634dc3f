import { type Span, Span_SpanKind, Status_StatusCode } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';
import type { Random } from './random.ts';
import { type Service, services } from './services.ts';
import { database, httpClient, httpServer, messaging, rpc, work } from './span-attributes.ts';
import { attributes, type Plain } from './values.ts';

/** A span, and the service that it is of. */
export interface ShopSpan {
  readonly service: Service;
  readonly span: Span;
}

const SPANS_MAX = 30;
const GAP_NS = 20_000; // a child begins so long after its parent and ends so long before it, at least
const byName = new Map(services.map((service) => [service.name, service]));

/** A trace of 3 to 30 spans, each parent before its children. `startNs` is when its root begins. */
export function makeTrace(random: Random, startNs: bigint): ShopSpan[] {
  const root = services[0]!;
  const trace = new TraceMaker(random, startNs, random.between(3, SPANS_MAX));
  const durationNs = Math.floor(5e6 * (1 + random.next() ** 4 * 200));
  trace.serve(root, undefined, 0, durationNs, 0);
  while (trace.spans.length < 3) trace.work(root, trace.spans[0]!.span, GAP_NS, durationNs - GAP_NS);
  return trace.spans;
}

class TraceMaker {
  readonly spans: ShopSpan[] = [];
  readonly #random: Random;
  readonly #startNs: bigint;
  readonly #wanted: number;
  readonly #traceId: Buffer;

  constructor(random: Random, startNs: bigint, wanted: number) {
    this.#random = random;
    this.#startNs = startNs;
    this.#wanted = wanted;
    this.#traceId = random.bytes(16);
  }

  /** A service handles a request: its server span, and what it does for it. */
  serve(service: Service, parent: Span | undefined, fromNs: number, toNs: number, depth: number): void {
    const random = this.#random;
    const failed = random.chance(0.02);
    const operation = random.pick(service.operations);
    const kinds = {
      http: () => httpServer(service, operation, failed, random),
      grpc: () => rpc(service, operation, failed, random),
      messaging: () => messaging('process', random),
    };
    const kind = service.protocol === 'messaging' ? Span_SpanKind.SPAN_KIND_CONSUMER : Span_SpanKind.SPAN_KIND_SERVER;
    const name = service.protocol === 'grpc' ? `shop.v1.${service.name}/${operation}` : operation;
    const span = this.#add(service, parent, name, kind, kinds[service.protocol](), fromNs, toNs, failed);
    if (service.protocol === 'messaging' && parent) {
      span.links.push({
        traceId: span.traceId,
        spanId: parent.spanId,
        traceState: '',
        attributes: attributes({ 'messaging.batch.index': random.between(0, 9) }),
        droppedAttributesCount: 0,
        flags: 0x101,
      });
    }
    this.#children(service, span, fromNs, toNs, depth);
  }

  #children(service: Service, span: Span, fromNs: number, toNs: number, depth: number): void {
    const random = this.#random;
    const steps = random.between(1, 4);
    const stepNs = Math.floor((toNs - fromNs) / steps);
    for (let step = 0; step < steps && this.spans.length < this.#wanted && stepNs > 4 * GAP_NS; step++) {
      const from = fromNs + step * stepNs + GAP_NS + random.between(0, Math.floor(stepNs / 4));
      const to = fromNs + (step + 1) * stepNs - GAP_NS;
      const target = service.calls.length > 0 && depth < 5 ? byName.get(random.pick(service.calls)) : undefined;
      if (target && random.chance(0.6)) this.#call(service, target, span, from, to, depth);
      else if (service.database && random.chance(0.75)) this.#query(service, service.database, span, from, to);
      else this.work(service, span, from, to);
    }
  }

  #call(service: Service, target: Service, parent: Span, fromNs: number, toNs: number, depth: number): void {
    const random = this.#random;
    const failed = random.chance(0.02);
    const operation = random.pick(target.operations);
    const kinds = {
      http: () => httpClient(target, operation, failed, random),
      grpc: () => rpc(target, operation, failed, random),
      messaging: () => messaging('send', random),
    };
    const kind = target.protocol === 'messaging' ? Span_SpanKind.SPAN_KIND_PRODUCER : Span_SpanKind.SPAN_KIND_CLIENT;
    const names = {
      http: operation.split(' ')[0]!,
      grpc: `shop.v1.${target.name}/${operation}`,
      messaging: 'orders send',
    };
    const span = this.#add(
      service,
      parent,
      names[target.protocol],
      kind,
      kinds[target.protocol](),
      fromNs,
      toNs,
      failed,
    );
    if (this.spans.length < this.#wanted) this.serve(target, span, fromNs + GAP_NS, toNs - GAP_NS, depth + 1);
  }

  #query(service: Service, system: string, parent: Span, fromNs: number, toNs: number): void {
    const values = database(system, this.#random);
    const name = `${values['db.operation.name']} ${values['db.collection.name']}`;
    this.#add(service, parent, name, Span_SpanKind.SPAN_KIND_CLIENT, values, fromNs, toNs, this.#random.chance(0.005));
  }

  work(service: Service, parent: Span, fromNs: number, toNs: number): void {
    const values = work(this.#random);
    const name = String(values['code.function.name']);
    this.#add(service, parent, name, Span_SpanKind.SPAN_KIND_INTERNAL, values, fromNs, toNs, this.#random.chance(0.01));
  }

  #add(
    service: Service,
    parent: Span | undefined,
    name: string,
    kind: Span_SpanKind,
    values: Record<string, Plain>,
    fromNs: number,
    toNs: number,
    failed: boolean,
  ): Span {
    const random = this.#random;
    const startTimeUnixNano = this.#startNs + BigInt(fromNs);
    const endTimeUnixNano = this.#startNs + BigInt(toNs);
    const span: Span = {
      traceId: this.#traceId,
      spanId: random.bytes(8),
      traceState: '',
      parentSpanId: parent?.spanId ?? Buffer.alloc(0),
      flags: parent ? 0x101 : 0x1,
      name,
      kind,
      startTimeUnixNano,
      endTimeUnixNano,
      attributes: attributes(failed ? { ...values, 'error.type': 'ETIMEDOUT' } : values),
      droppedAttributesCount: 0,
      events: [],
      droppedEventsCount: 0,
      links: [],
      droppedLinksCount: 0,
      status: { message: failed ? 'upstream timed out' : '', code: failed ? Status_StatusCode.STATUS_CODE_ERROR : 0 },
    };
    if (failed) span.events.push(exception(service, endTimeUnixNano));
    else if (random.chance(0.04)) {
      const hit = { 'cache.key': `product:${random.between(1, 4000)}`, 'cache.hit': random.chance(0.8) };
      span.events.push(event('cache lookup', startTimeUnixNano + 5000n, hit));
    }
    this.spans.push({ service, span });
    return span;
  }
}

function exception(service: Service, timeUnixNano: bigint) {
  return event('exception', timeUnixNano, {
    'exception.type': 'TimeoutError',
    'exception.message': `upstream of ${service.name} timed out after 1500 ms`,
    'exception.stacktrace': `TimeoutError: upstream timed out\n${['call', 'retry', 'handle', 'dispatch']
      .map((name, i) => `    at ${name} (/srv/${service.name}/src/client.ts:${40 + i * 17}:${9 + i})`)
      .join('\n')}`,
  });
}

function event(name: string, timeUnixNano: bigint, values: Record<string, Plain>) {
  return { timeUnixNano, name, attributes: attributes(values), droppedAttributesCount: 0 };
}
