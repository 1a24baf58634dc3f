import { TestWorld } from './src/testing/test-world.ts';
import { TestQuerier } from './src/testing/test-querier.ts';
import { makeTraceRequests } from '../../bench/spans.ts';
const w = await TestWorld.open(); const q = new TestQuerier(w);
const total = Number(process.env.SPANS ?? 1_000_000);
const per = 500, requests = total / per, chunk = Number(process.env.CHUNK ?? 130); // 65k spans a file
let t = performance.now(); let batch: Uint8Array[] = [];
let n=0;
for (const b of makeTraceRequests({ requests, spansPerRequest: per, startTimeNs: BigInt(Date.now() - 600_000) * 1_000_000n })) { batch.push(b); if (batch.length === chunk) { await w.writeMany('traces', batch, 'protobuf'); batch = []; if(++n%8===0) { await w.commit(); await w.forgetHot(); } } }
await w.writeMany('traces', batch, 'protobuf'); await w.commit(); await w.forgetHot();
console.log('stored', Math.round(performance.now() - t));
const ids: string[] = [];
for (const r of (await q.sql("SELECT trace_id FROM (SELECT DISTINCT trace_id FROM traces) USING SAMPLE 60")).rows) ids.push(r.trace_id as string);
const measure = async (name: string, tickets: object[]) => { for (const x of tickets.slice(0, 3)) await q.get(x); const times: number[] = []; let cpu = process.cpuUsage(); let rows=0; for (const x of tickets) { const t = performance.now(); rows = (await q.get(x)).batches.reduce((s,b)=>s+b.numRows,0); times.push(performance.now() - t); } cpu = process.cpuUsage(cpu); times.sort((a, b) => a - b); console.log(name.padEnd(34), 'p50', times[times.length >> 1]!.toFixed(1), 'p99', times.at(-1)!.toFixed(1), 'cpu-ms', ((cpu.user + cpu.system) / 1000 / tickets.length).toFixed(1), 'rows', rows); };
const rep = (x: object, n = 20) => Array.from({ length: n }, () => x);
await measure('trace by id', ids.map((id) => ({ kind: 'trace', trace_id: id })));
for (const s of ['{}', '{ resource.service.name = "checkout" }', '{ span.http.response.status_code = 500 }', '{ .http.response.status_code >= 500 }', '{ resource.service.name = "payment" && status = error }', '{ duration > 1s }', '{ name =~ "POST .*" && kind = server }', '{ resource.service.name = "cart" || span.db.system = "redis" }', '{ span.http.route = "/there/is/none" }', '{ rootServiceName = "frontend" && status = error}']) await measure(s, rep({ kind: 'search', q: s, limit: 20 }));
await measure('tags', rep({ kind: 'tags' }, 5)); await measure('values service.name', rep({ kind: 'tag_values', tag: 'resource.service.name' }, 5));await measure('values http.route', rep({ kind: 'tag_values', tag: 'span.http.route' }, 5));
for (const s of ['SELECT service_name, count(*), avg(duration_ns) FROM traces GROUP BY 1', 'SELECT count(*) FROM traces']) await measure(s, rep({ kind: 'sql', sql: s }, 5));
await q.close(); await w.close();
