// SignalDB's client against a server at a port: reads lines {"call", "size", "count"} and answers each with {"seconds"}, as peer.py does.
import { createInterface } from 'node:readline';
import { connectFlight } from '@signaldb/flight';
import { youngGarbageCollector } from '@signaldb/grpc';
import { latencies, run, type Task } from './calls.ts';

const client = connectFlight(`grpc://127.0.0.1:${process.argv[2]}`, { collectGarbage: youngGarbageCollector() });
for await (const line of createInterface(process.stdin)) {
  const task = JSON.parse(line) as Task;
  if (task.call === 'latency') {
    console.log(JSON.stringify(await latencies(client, task.count)));
    continue;
  }
  const began = performance.now();
  await run(client, task);
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
}
