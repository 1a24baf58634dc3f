import { gzipSync } from 'node:zlib';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { commandDescriptor, connectFlight } from '@signaldb/flight';
import { CommandStatementQuery } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import {
  ExportTraceServiceRequest,
  TraceServiceService,
} from '@signaldb/proto/opentelemetry/proto/collector/trace/v1/trace_service';
import { type RecordBatch, Table } from 'apache-arrow';
import type { ClusterPorts } from './ports.ts';

export interface SystemClientOptions {
  readonly ports: ClusterPorts;
  /** Default: none, which is the tenant `default`. */
  readonly tenant?: string;
  /** Sent as the header `authorization` with everything: `Bearer …` or `Basic …`. */
  readonly authorization?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, looked at by tests
export type TempoBody = any;

/** A user of a running system: sends OTLP, asks over the Tempo API and Flight SQL. */
export interface SystemClient {
  /** Resolves when the request is acknowledged. */
  sendTracesGrpc(request: ExportTraceServiceRequest): Promise<void>;
  sendTracesHttp(request: ExportTraceServiceRequest, encoding: 'protobuf' | 'json', gzip?: boolean): Promise<void>;
  /** The Tempo API's answer: its status and its JSON. */
  tempo(path: string): Promise<{ status: number; body: TempoBody }>;
  /** Rows of a query, as objects. */
  sql(query: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

const tenantHeader = 'x-scope-orgid';

export function createSystemClient({ ports, tenant, authorization }: SystemClientOptions): SystemClient {
  const headers: Record<string, string> = {
    ...(tenant && { [tenantHeader]: tenant }),
    ...(authorization && { authorization }),
  };
  const otlp = new Client(`127.0.0.1:${ports.otlpGrpc}`, credentials.createInsecure());
  const flight = connectFlight(`grpc://127.0.0.1:${ports.routerFlight}`);

  return {
    sendTracesGrpc(request) {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      const { path, requestSerialize, responseDeserialize } = TraceServiceService.export;
      return new Promise((resolve, reject) => {
        otlp.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          { deadline: Date.now() + 20_000 },
          (error) => (error ? reject(error) : resolve()),
        );
      });
    },
    async sendTracesHttp(request, encoding, gzip = false) {
      const plain =
        encoding === 'json'
          ? Buffer.from(JSON.stringify(traceRequestJson(request)))
          : Buffer.from(ExportTraceServiceRequest.encode(request).finish());
      const response = await fetch(`http://127.0.0.1:${ports.otlpHttp}/v1/traces`, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf',
          ...(gzip && { 'content-encoding': 'gzip' }),
        },
        body: new Uint8Array(gzip ? gzipSync(plain) : plain),
      });
      if (response.status !== 200) throw new Error(`OTLP/HTTP answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    },
    async tempo(path) {
      const response = await fetch(`http://127.0.0.1:${ports.routerHttp}${path}`, { headers });
      const text = await response.text();
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
    },
    async sql(query) {
      const descriptor = commandDescriptor(
        packAny('CommandStatementQuery', CommandStatementQuery.encode({ query }).finish()),
      );
      const info = await flight.getFlightInfo(descriptor, { metadata: headers, timeoutMs: 20_000 });
      const batches: RecordBatch[] = [];
      for (const { ticket } of info.endpoints) {
        for await (const { batch } of flight.doGet(ticket, { metadata: headers, timeoutMs: 20_000 }))
          if (batch) batches.push(batch);
      }
      return batches.length === 0 ? [] : new Table(batches).toArray().map((row) => row.toJSON());
    },
    async close() {
      otlp.close();
      await flight.close();
    },
  };
}

/** OTLP's JSON has ids in hex, where protobuf's JSON has base64. */
function traceRequestJson(request: ExportTraceServiceRequest): unknown {
  const json = ExportTraceServiceRequest.toJSON(request) as {
    resourceSpans?: { scopeSpans?: { spans?: Record<string, string>[] }[] }[];
  };
  for (const span of json.resourceSpans
    ?.flatMap(({ scopeSpans }) => scopeSpans ?? [])
    .flatMap(({ spans }) => spans ?? []) ?? []) {
    for (const id of ['traceId', 'spanId', 'parentSpanId'])
      if (span[id]) span[id] = Buffer.from(span[id], 'base64').toString('hex');
  }
  return json;
}

/** A google.protobuf.Any, as Flight SQL's clients put it into descriptors. */
function packAny(name: string, value: Uint8Array): Uint8Array {
  return new BinaryWriter()
    .uint32(10)
    .string(`type.googleapis.com/arrow.flight.protocol.sql.${name}`)
    .uint32(18)
    .bytes(value)
    .finish();
}
