import { connectFlight, type FlightMessage } from '@signaldb/flight';
import { createFlightSqlClient } from '@signaldb/flight-sql';
import { Float64, Table, TimestampMillisecond, Utf8, vectorFromArray } from 'apache-arrow';

// Connect. Nothing is dialled before the first call.
const { SIGNALDB_HOST: host = '127.0.0.1:8082', SIGNALDB_TOKEN: token } = process.env;
const flight = connectFlight(`grpc://${host}`, token ? { bearer: token } : {});
const sql = createFlightSqlClient(flight);

// Write: a table, then batches, each acknowledged as it becomes durable.
await sql.update('DROP TABLE IF EXISTS readings');
await sql.update('CREATE TABLE readings (sensor VARCHAR, taken_at TIMESTAMP, celsius DOUBLE)');

async function* writes(): AsyncGenerator<FlightMessage> {
  yield {
    descriptor: { path: ['readings'] },
    appMetadata: Buffer.from(JSON.stringify({ requested_durability: 'disk' })),
  };
  for (const { batches } of [
    readings(['attic', 'cellar'], [31.5, 12]),
    readings(['attic', 'garden', 'cellar'], [29, 20.5, 12.25]),
  ])
    for (const batch of batches) yield { batch };
}

function readings(sensors: string[], celsius: number[]) {
  return new Table({
    sensor: vectorFromArray(sensors, new Utf8()),
    taken_at: vectorFromArray(
      sensors.map(() => Date.now()),
      new TimestampMillisecond(),
    ),
    celsius: vectorFromArray(celsius, new Float64()),
  });
}

for await (const { appMetadata } of flight.doExchange(writes())) {
  if (!appMetadata?.length) continue;
  const { lsn, durability_level: level } = JSON.parse(Buffer.from(appMetadata).toString());
  console.log(`acknowledged: LSN ${lsn} on ${level}`);
}

// Ask, with a parameter. What was acknowledged is in the answer.
const statement = await sql.prepare('SELECT count(*) AS n, max(celsius) AS warmest FROM readings WHERE sensor = ?');
const parameters = new Table({ sensor: vectorFromArray(['attic'], new Utf8()) }).batches[0]!;
for await (const batch of await statement.query(parameters))
  for (const { n, warmest } of batch) console.log(`attic: ${n} readings, at most ${warmest} °C`);
await statement.close();

// Stream a large result: batch by batch, as fast as they are read.
let rows = 0;
for await (const batch of await sql.query('SELECT range AS id, sqrt(range) AS root FROM range(1000000)'))
  rows += batch.numRows;
console.log(`streamed ${rows} rows`);

// Metadata.
const tables: string[] = [];
for await (const batch of await sql.getTables()) for (const row of batch) tables.push(row.table_name);
console.log(`tables: ${tables.join(', ')}`);

await flight.close();
