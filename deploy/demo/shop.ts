import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  SeverityNumber,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { createTelemetry, type Telemetry } from './telemetry.ts';

/** A request that the shop has answered. */
export interface Visit {
  readonly traceId: string;
  readonly name: string;
  readonly failed: boolean;
}

export interface Shop {
  /** A customer does something: a trace through several services, with their logs and metrics. */
  visit(): Visit;
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

const PRODUCTS = ['coffee grinder', 'teapot', 'desk lamp', 'rucksack', 'globe', 'umbrella'];

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)]!;
}

/** The shop's services, all in this process. Times are simulated: a visit ends now and began as long ago as it took. */
export function createShop(endpoint: string): Shop {
  const services: Record<string, Telemetry> = {};
  for (const name of ['web', 'catalog', 'cart', 'checkout', 'payment', 'mailer']) {
    services[name] = createTelemetry(name, '1.4.2', endpoint);
  }
  const all = Object.values(services);
  return {
    visit: () => pick([browse, browse, addToCart, placeOrder])(new Journey(services)),
    async flush() {
      await Promise.all(all.map((service) => service.flush()));
    },
    async shutdown() {
      await Promise.all(all.map((service) => service.shutdown()));
    },
  };
}

function browse(journey: Journey): Visit {
  const product = pick(PRODUCTS);
  return journey.run(
    'GET /products/:name',
    { 'http.request.method': 'GET', 'http.route': '/products/:name' },
    (web) => {
      journey.call(web, 'catalog', 'GetProduct', { 'shop.product': product }, (catalog) => {
        journey.query(catalog, 'catalog', 'SELECT products', 'SELECT * FROM products WHERE name = $1');
        if (Math.random() < 0.3) journey.log('catalog', catalog, SeverityNumber.INFO, `"${product}" was looked at`);
      });
    },
  );
}

function addToCart(journey: Journey): Visit {
  const count = 1 + Math.floor(Math.random() * 3);
  return journey.run('POST /cart', { 'http.request.method': 'POST', 'http.route': '/cart' }, (web) => {
    journey.call(web, 'cart', 'AddItem', { 'shop.product': pick(PRODUCTS), 'shop.count': count }, (cart) => {
      journey.query(cart, 'cart', 'HSET', 'HSET cart:42 item 1');
      journey.services.cart!.openCarts.add(Math.random() < 0.6 ? 1 : -1);
    });
  });
}

function placeOrder(journey: Journey): Visit {
  const amount = Math.round(Math.random() * 20_000) / 100;
  return journey.run('POST /checkout', { 'http.request.method': 'POST', 'http.route': '/checkout' }, (web) => {
    journey.call(
      web,
      'checkout',
      'PlaceOrder',
      { 'shop.order.amount': amount, 'shop.items': PRODUCTS.slice(0, 2) },
      (checkout) => {
        journey.call(checkout, 'cart', 'GetCart', {}, (cart) =>
          journey.query(cart, 'cart', 'HGETALL', 'HGETALL cart:42'),
        );
        journey.call(checkout, 'payment', 'Charge', { 'shop.order.amount': amount, 'shop.card': 'visa' }, (payment) => {
          if (Math.random() < 0.15) journey.fail('payment', payment, 'the card was declined');
        });
        if (!journey.failed)
          journey.call(checkout, 'mailer', 'SendConfirmation', { 'shop.mail.template': 'order' }, () => {});
        journey.services.checkout!.orderAmount.record(amount, { currency: 'EUR' });
        journey.log(
          'checkout',
          checkout,
          SeverityNumber.INFO,
          `order of ${amount} EUR ${journey.failed ? 'refused' : 'placed'}`,
        );
      },
    );
  });
}

/** One trace in the making; its clock runs from its beginning to now. */
class Journey {
  readonly services: Readonly<Record<string, Telemetry>>;
  failed = false;
  #clockMs: number;

  constructor(services: Readonly<Record<string, Telemetry>>) {
    this.services = services;
    this.#clockMs = Date.now() - 400;
  }

  run(name: string, attributes: Attributes, work: (context: Context) => void): Visit {
    const begun = this.#clockMs;
    const span = this.#span(ROOT_CONTEXT, 'web', name, SpanKind.SERVER, attributes, work);
    const status = this.failed ? 502 : 200;
    const labels = { 'http.route': attributes['http.route']!, 'http.response.status_code': status };
    this.services.web!.requests.add(1, labels);
    this.services.web!.requestSeconds.record((this.#clockMs - begun) / 1000, labels);
    return { traceId: span.spanContext().traceId, name, failed: this.failed };
  }

  call(
    parent: Context,
    service: string,
    method: string,
    attributes: Attributes,
    work: (context: Context) => void,
  ): void {
    const rpc = { 'rpc.system': 'grpc', 'rpc.service': `shop.${service}`, 'rpc.method': method, ...attributes };
    this.#span(parent, service, `${service}/${method}`, SpanKind.SERVER, rpc, work);
  }

  query(parent: Context, service: string, name: string, text: string): void {
    const system = service === 'cart' ? 'redis' : 'postgresql';
    const attributes = { 'db.system.name': system, 'db.query.text': text, 'db.response.returned_rows': 1 };
    this.#span(parent, service, name, SpanKind.CLIENT, attributes, () => {});
  }

  log(service: string, context: Context, severityNumber: SeverityNumber, body: string): void {
    const severityText = severityNumber >= SeverityNumber.ERROR ? 'ERROR' : 'INFO';
    this.services[service]!.logger.emit({ severityNumber, severityText, body, context, timestamp: this.#clockMs });
  }

  fail(service: string, context: Context, message: string): void {
    this.failed = true;
    const span = trace.getSpan(context)!;
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    span.recordException(new Error(message), this.#clockMs);
    this.log(service, context, SeverityNumber.ERROR, message);
  }

  #span(
    parent: Context,
    service: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    work: (context: Context) => void,
  ): Span {
    const { tracer } = this.services[service]!;
    const span = tracer.startSpan(name, { kind, attributes, startTime: this.#clockMs }, parent);
    this.#clockMs += 1 + Math.random() * 15;
    work(trace.setSpan(parent, span));
    this.#clockMs += Math.random() * 10;
    if (kind === SpanKind.SERVER && service === 'web' && this.failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(this.#clockMs);
    return span;
  }
}
