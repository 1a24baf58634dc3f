import os
from datetime import datetime, timezone

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa

# Connect.
token = os.environ.get("SIGNALDB_TOKEN")
connection = flightsql.connect(
    "grpc://" + os.environ.get("SIGNALDB_HOST", "127.0.0.1:8082"),
    db_kwargs={"adbc.flight.sql.authorization_header": f"Bearer {token}"} if token else {},
    autocommit=True,
)

with connection, connection.cursor() as cursor:
    # Write: any Arrow data; when it returns, the rows are on disk.
    now = datetime.now(timezone.utc)
    readings = pa.table(
        {
            "sensor": ["attic", "cellar", "attic", "garden", "cellar"],
            "taken_at": pa.array([now] * 5, pa.timestamp("us", "UTC")),
            "celsius": [31.5, 12.0, 29.0, 20.5, 12.25],
        }
    )
    print(f"wrote {cursor.adbc_ingest('readings', readings, mode='replace')} rows")
    print(f"wrote {cursor.adbc_ingest('readings', readings.slice(0, 1), mode='append')} more")

    # Ask, with parameters.
    cursor.execute("SELECT count(*), max(celsius) FROM readings WHERE sensor = ? AND celsius > ?", ("attic", 30))
    n, warmest = cursor.fetchone()
    print(f"attic: {n} readings above 30 °C, at most {warmest} °C")
    cursor.executemany("INSERT INTO readings VALUES (?, ?, ?)", [("roof", now, 35.5), ("roof", now, None)])
    cursor.execute("SELECT count(*), count(celsius) FROM readings WHERE sensor = 'roof'")
    print("roof: %d readings, %d of them with a value" % cursor.fetchone())

    # Stream a large result: batch by batch, as fast as they are read.
    cursor.execute("SELECT range AS id, sqrt(range) AS root FROM range(1000000)")
    rows = sum(batch.num_rows for batch in cursor.fetch_record_batch())
    print(f"streamed {rows} rows")

    # Metadata.
    (catalog,) = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
    for schema in catalog["catalog_db_schemas"]:
        print(f"{catalog['catalog_name']}.{schema['db_schema_name']}:", ", ".join(table["table_name"] for table in schema["db_schema_tables"]))
    print("readings:", ", ".join(f"{field.name} {field.type}" for field in connection.adbc_get_table_schema("readings")))
