import type { Random } from './random.ts';
import type { Service } from './services.ts';
import type { Plain } from './values.ts';

type Values = Record<string, Plain>;

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148',
  'okhttp/4.12.0',
];

function address(random: Random): string {
  return `10.${random.between(0, 3)}.${random.between(0, 255)}.${random.between(1, 254)}`;
}

export function pathOf(operation: string, random: Random): string {
  return operation
    .replace(/^[A-Z]+ /, '')
    .replace(/[:{](\w+)}?/, () => `${random.pick(['SKU', 'OLJ', 'P'])}-${random.between(1, 4000)}`);
}

export function httpServer(service: Service, operation: string, failed: boolean, random: Random): Values {
  const [method, route] = operation.split(' ') as [string, string];
  return {
    'http.request.method': method,
    'url.scheme': 'http',
    'url.path': pathOf(operation, random),
    'http.route': route,
    'http.response.status_code': failed
      ? random.pick([500, 502, 503])
      : random.pick([200, 200, 200, 201, 204, 304, 404], 2),
    'server.address': service.name,
    'server.port': 8080,
    'client.address': address(random),
    'user_agent.original': random.pick(AGENTS, 2),
    'network.protocol.version': '1.1',
  };
}

export function httpClient(target: Service, operation: string, failed: boolean, random: Random): Values {
  const path = pathOf(operation.includes(' ') ? operation : `/${operation}`, random);
  return {
    'http.request.method': operation.split(' ')[0]!.replace(/[a-z]\w+/, 'POST'),
    'url.full': `http://${target.name}.shop.svc.cluster.local:8080${path.startsWith('/') ? path : `/${path}`}`,
    'http.response.status_code': failed ? 500 : 200,
    'server.address': `${target.name}.shop.svc.cluster.local`,
    'server.port': 8080,
    'network.peer.address': address(random),
    'network.peer.port': 8080,
    'network.protocol.version': '1.1',
    'http.request.resend_count': 0,
    'thread.id': random.between(1, 64),
  };
}

export function rpc(target: Service, operation: string, failed: boolean, random: Random): Values {
  return {
    'rpc.system': 'grpc',
    'rpc.service': `shop.v1.${target.name}`,
    'rpc.method': operation,
    'rpc.grpc.status_code': failed ? random.pick([13, 14, 4]) : 0,
    'server.address': `${target.name}.shop.svc.cluster.local`,
    'server.port': 50_051,
    'network.peer.address': address(random),
    'network.peer.port': random.between(32_768, 60_999),
    'network.type': 'ipv4',
    'network.transport': 'tcp',
    'thread.id': random.between(1, 64),
    'thread.name': `grpc-default-executor-${random.between(0, 15)}`,
  };
}

const TABLES = ['products', 'orders', 'order_items', 'prices', 'customers', 'reservations'];

export function database(system: string, random: Random): Values {
  const table = random.pick(TABLES);
  const redis = system === 'redis';
  const operation = redis
    ? random.pick(['GET', 'HGETALL', 'SET', 'EXPIRE'])
    : random.pick(['SELECT', 'SELECT', 'INSERT', 'UPDATE']);
  return {
    'db.system.name': system,
    'db.namespace': redis ? '0' : 'shop',
    'db.operation.name': operation,
    'db.query.text': redis
      ? `${operation} ${table}:${random.between(1, 5000)}`
      : `${operation} * FROM ${table} WHERE id = $1 AND tenant_id = $2 ORDER BY created_at LIMIT ${random.pick([1, 10, 50])}`,
    'db.collection.name': table,
    'db.response.returned_rows': random.between(0, 50),
    'server.address': `${system}-0.${system}.shop.svc.cluster.local`,
    'server.port': redis ? 6379 : 5432,
    'network.peer.address': address(random),
    'thread.id': random.between(1, 64),
  };
}

export function messaging(operation: 'send' | 'process', random: Random): Values {
  return {
    'messaging.system': 'kafka',
    'messaging.destination.name': 'orders',
    'messaging.operation.type': operation,
    'messaging.destination.partition.id': String(random.between(0, 11)),
    'messaging.kafka.message.key': `order-${random.between(1, 900_000)}`,
    'messaging.kafka.offset': random.between(1, 90_000_000),
    'messaging.message.body.size': random.between(200, 4000),
    'messaging.client.id': `consumer-orders-${random.between(1, 6)}`,
    'messaging.consumer.group.name': 'order-workers',
    'server.address': 'kafka-0.kafka.shop.svc.cluster.local',
    'server.port': 9092,
    'thread.name': `kafka-${random.between(0, 5)}`,
  };
}

export function work(random: Random): Values {
  return {
    'app.user.id': `user-${random.between(1, 20_000)}`,
    'app.session.id': random.hex(8),
    'app.user.premium': random.chance(0.2),
    'app.order.amount': random.between(100, 99_999) / 100 + 0.001,
    'app.order.currency': random.pick(['EUR', 'USD', 'GBP', 'JPY'], 2),
    'app.cart.items': random.between(1, 12),
    'app.products': Array.from({ length: random.between(1, 4) }, () => `SKU-${random.between(1, 4000)}`),
    'app.feature.flag': random.pick(['control', 'variant-a', 'variant-b']),
    'code.function.name': random.pick([
      'calculateTotals',
      'validateOrder',
      'renderPage',
      'applyDiscounts',
      'mergeCarts',
    ]),
    'code.file.path': `/srv/app/src/${random.pick(['orders', 'pricing', 'pages', 'carts'])}/service.ts`,
    'thread.id': random.between(1, 64),
  };
}
