import base64
import json
import os
from datetime import datetime, timezone

import pyarrow as pa
import pyarrow.flight as fl

# Connect.
client = fl.connect("grpc://" + os.environ.get("SIGNALDB_HOST", "127.0.0.1:8082"))
token = os.environ.get("SIGNALDB_TOKEN")
options = fl.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())] if token else [])


def act(kind, body):
    return [json.loads(result.body.to_pybytes()) for result in client.do_action(fl.Action(kind, json.dumps(body).encode()), options)]


# Write: a table, then batches, each acknowledged as it becomes durable.
schema = pa.schema([("sensor", pa.string()), ("taken_at", pa.timestamp("us", "UTC")), ("celsius", pa.float64())])
if "readings" in act("ListTables", {})[0]["tables"]:
    act("DropTable", {"name": "readings"})
act("CreateTable", {"name": "readings", "schema_json": {"schema_ipc": base64.b64encode(schema.serialize()).decode()}})

now = datetime.now(timezone.utc)
batches = [
    pa.record_batch([["attic", "cellar"], [now] * 2, [31.5, 12.0]], schema=schema),
    pa.record_batch([["attic", "garden", "cellar"], [now] * 3, [29.0, 20.5, 12.25]], schema=schema),
]
writer, reader = client.do_exchange(fl.FlightDescriptor.for_path("readings"), options)


def read_acknowledgements():
    for chunk in reader:
        ack = json.loads(chunk.app_metadata.to_pybytes())
        print(f"acknowledged: LSN {ack['lsn']} on {ack['durability_level']}")


with writer:
    writer.begin(schema)
    for batch in batches:
        writer.write_with_metadata(batch, json.dumps({"requested_durability": "disk"}).encode())
    writer.done_writing()
    read_acknowledgements()

# Ask: a command is SQL, a path is a table. What was acknowledged is in the answer.
info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT sensor, count(*) AS n FROM readings GROUP BY 1 ORDER BY 1"), options)
for endpoint in info.endpoints:
    for row in client.do_get(endpoint.ticket, options).read_all().to_pylist():
        print(f"{row['sensor']}: {row['n']} readings")

# Stream a large result: batch by batch, as fast as they are read.
info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT range AS id, sqrt(range) AS root FROM range(1000000)"), options)
rows = 0
for endpoint in info.endpoints:
    for chunk in client.do_get(endpoint.ticket, options):
        rows += chunk.data.num_rows
print(f"streamed {rows} rows")

# Metadata: each table is a flight with its schema.
print("tables:", ", ".join(sorted(flight.descriptor.path[0].decode() for flight in client.list_flights(options=options))))
print("readings:", ", ".join(f"{field.name} {field.type}" for field in client.get_schema(fl.FlightDescriptor.for_path("readings"), options).schema))
