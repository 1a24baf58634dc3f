import type { KeyValue } from '@signaldb/proto/opentelemetry/proto/common/v1/common';
import type { Random } from './random.ts';
import { attributes } from './values.ts';

export interface Service {
  readonly name: string;
  readonly language: string;
  /** The instrumentation library of its spans. */
  readonly scope: string;
  readonly version: string;
  /** What it offers: an HTTP route, or an RPC or consumer method. */
  readonly operations: readonly string[];
  readonly protocol: 'http' | 'grpc' | 'messaging';
  /** The services that it calls. */
  readonly calls: readonly string[];
  readonly database?: 'postgresql' | 'redis' | 'mongodb';
}

/** The shop: who calls whom. */
export const services: readonly Service[] = [
  {
    name: 'web-gateway',
    language: 'nodejs',
    scope: '@opentelemetry/instrumentation-http',
    version: '0.57.2',
    operations: [
      'GET /',
      'GET /products/:id',
      'GET /cart',
      'POST /cart',
      'POST /checkout',
      'GET /search',
      'GET /orders/:id',
    ],
    protocol: 'http',
    calls: ['catalog', 'cart', 'checkout', 'search', 'recommendation', 'session', 'ads'],
  },
  {
    name: 'catalog',
    language: 'go',
    scope: 'go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc',
    version: '0.58.0',
    operations: ['ListProducts', 'GetProduct', 'GetRelated'],
    protocol: 'grpc',
    calls: ['pricing', 'inventory'],
    database: 'postgresql',
  },
  {
    name: 'cart',
    language: 'dotnet',
    scope: 'OpenTelemetry.Instrumentation.AspNetCore',
    version: '1.10.1',
    operations: ['AddItem', 'GetCart', 'EmptyCart'],
    protocol: 'grpc',
    calls: ['pricing'],
    database: 'redis',
  },
  {
    name: 'checkout',
    language: 'go',
    scope: 'go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc',
    version: '0.58.0',
    operations: ['PlaceOrder', 'Quote'],
    protocol: 'grpc',
    calls: ['cart', 'payment', 'shipping', 'tax', 'notification', 'order-worker'],
    database: 'postgresql',
  },
  {
    name: 'payment',
    language: 'java',
    scope: 'io.opentelemetry.grpc-1.6',
    version: '2.11.0-alpha',
    operations: ['Charge', 'Refund'],
    protocol: 'grpc',
    calls: ['fraud'],
    database: 'postgresql',
  },
  {
    name: 'shipping',
    language: 'rust',
    scope: 'opentelemetry-otlp',
    version: '0.27.0',
    operations: ['POST /quotes', 'POST /shipments'],
    protocol: 'http',
    calls: ['inventory'],
  },
  {
    name: 'inventory',
    language: 'java',
    scope: 'io.opentelemetry.spring-webmvc-6.0',
    version: '2.11.0-alpha',
    operations: ['GET /stock/{sku}', 'POST /reservations'],
    protocol: 'http',
    calls: [],
    database: 'mongodb',
  },
  {
    name: 'pricing',
    language: 'python',
    scope: 'opentelemetry.instrumentation.fastapi',
    version: '0.50b0',
    operations: ['GET /prices/{sku}', 'POST /prices/quote'],
    protocol: 'http',
    calls: [],
    database: 'redis',
  },
  {
    name: 'recommendation',
    language: 'python',
    scope: 'opentelemetry.instrumentation.grpc',
    version: '0.50b0',
    operations: ['ListRecommendations'],
    protocol: 'grpc',
    calls: ['catalog'],
  },
  {
    name: 'search',
    language: 'java',
    scope: 'io.opentelemetry.spring-webmvc-6.0',
    version: '2.11.0-alpha',
    operations: ['GET /search', 'GET /suggest'],
    protocol: 'http',
    calls: ['catalog'],
    database: 'mongodb',
  },
  {
    name: 'session',
    language: 'nodejs',
    scope: '@opentelemetry/instrumentation-express',
    version: '0.47.0',
    operations: ['GET /sessions/:id', 'POST /sessions'],
    protocol: 'http',
    calls: [],
    database: 'redis',
  },
  {
    name: 'tax',
    language: 'ruby',
    scope: 'OpenTelemetry::Instrumentation::Rack',
    version: '0.26.0',
    operations: ['POST /tax'],
    protocol: 'http',
    calls: [],
  },
  {
    name: 'fraud',
    language: 'python',
    scope: 'opentelemetry.instrumentation.grpc',
    version: '0.50b0',
    operations: ['Score'],
    protocol: 'grpc',
    calls: [],
    database: 'redis',
  },
  {
    name: 'notification',
    language: 'php',
    scope: 'io.opentelemetry.contrib.php.slim',
    version: '1.0.7',
    operations: ['POST /mail'],
    protocol: 'http',
    calls: [],
  },
  {
    name: 'order-worker',
    language: 'java',
    scope: 'io.opentelemetry.kafka-clients-2.6',
    version: '2.11.0-alpha',
    operations: ['orders process'],
    protocol: 'messaging',
    calls: ['shipping', 'notification'],
    database: 'postgresql',
  },
  {
    name: 'ads',
    language: 'go',
    scope: 'go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc',
    version: '0.58.0',
    operations: ['GetAds'],
    protocol: 'grpc',
    calls: [],
  },
];

const PODS = 3;

/** The resource attributes of a service's pods. */
export function podsOf(service: Service, random: Random): KeyValue[][] {
  const replicaSet = random.hex(5);
  return Array.from({ length: PODS }, () => {
    const suffix = random.hex(3).slice(0, 5);
    const pod = `${service.name}-${replicaSet}-${suffix}`;
    return attributes({
      'service.name': service.name,
      'service.namespace': 'shop',
      'service.version': `2.${random.between(0, 9)}.${random.between(0, 20)}`,
      'service.instance.id': `shop.${pod}`,
      'deployment.environment.name': 'production',
      'telemetry.sdk.language': service.language,
      'k8s.namespace.name': 'shop',
      'k8s.deployment.name': service.name,
      'k8s.pod.name': pod,
      'k8s.node.name': `node-${random.between(1, 8)}`,
      'process.pid': random.between(1, 32_000),
    });
  });
}
