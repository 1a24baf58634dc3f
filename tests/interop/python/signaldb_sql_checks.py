"""A running SignalDB by ADBC and pyarrow: python signaldb_sql_checks.py JSON with {"flight": port, "spans": {tenant: {service: count}}}."""
import json
import sys
import time

import adbc_driver_flightsql.dbapi as dbapi
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as fl

facts = json.loads(sys.argv[1])
uri = f"grpc://127.0.0.1:{facts['flight']}"
header = "adbc.flight.sql.rpc.call_header.x-scope-orgid"
connection = dbapi.connect(uri, autocommit=True)
cursor = connection.cursor()
done = {}


def check_queries():
    cursor.execute("SELECT service_name, count(*), avg(duration_ns) FROM traces GROUP BY 1 ORDER BY 1")
    rows = cursor.fetchall()
    assert {service: count for service, count, _ in rows} == facts["spans"]["default"], rows
    cursor.execute("SELECT bool_and(end_time - start_time = duration_ns) FROM traces")
    assert cursor.fetchall() == [(True,)]
    cursor.execute("SELECT 1 AS a, 'x' AS a, NULL AS n")
    table = cursor.fetch_arrow_table()
    assert table.schema.names == ["a", "a", "n"] and table.num_rows == 1
    cursor.execute("SELECT * FROM traces WHERE false")
    assert "trace_id" in cursor.fetch_arrow_table().schema.names


def check_large_result():
    cursor.execute("SELECT range AS n, range::DOUBLE AS f, 'text ' || (range % 10) AS t FROM range(1000000)")
    table = cursor.fetch_arrow_table()
    assert table.num_rows == 1_000_000
    assert table.column("n").combine_chunks().equals(pa.array(range(1_000_000), pa.int64()))


def check_parameters():
    (service, count) = next(iter(facts["spans"]["default"].items()))
    cursor.execute("SELECT count(*) FROM traces WHERE service_name = ?", (service,))
    assert cursor.fetchall() == [(count,)]
    for value in (41, 1.5, -(2**40)):
        with connection.cursor() as own:
            own.execute("SELECT ? + 1", (value,))
            assert own.fetchall() == [(value + 1,)]
    cursor.execute("SELECT ?::VARCHAR AS v", pa.record_batch([pa.array(["a", None, "ü"])], ["v"]))
    assert cursor.fetchall() == [("a",), (None,), ("ü",)]


def check_tenants():
    for tenant, spans in facts["spans"].items():
        with dbapi.connect(uri, autocommit=True, db_kwargs={header: tenant}) as own, own.cursor() as statements:
            statements.execute("SELECT service_name, count(*) FROM traces GROUP BY 1")
            assert dict(statements.fetchall()) == spans, tenant
            assert own.adbc_current_db_schema == tenant
            (catalog,) = own.adbc_get_objects(depth="db_schemas").read_all().to_pylist()
            assert [schema["db_schema_name"] for schema in catalog["catalog_db_schemas"]] == [tenant]
            for other in facts["spans"]:
                if other != tenant:
                    refused(f'SELECT * FROM "{other}".traces', statements)


def check_metadata():
    assert connection.adbc_current_catalog == "signaldb"
    assert connection.adbc_get_info()["vendor_name"] == "SignalDB"
    (catalog,) = connection.adbc_get_objects(depth="all").read_all().to_pylist()
    (schema,) = catalog["catalog_db_schemas"]
    tables = {table["table_name"]: [column["column_name"] for column in table["table_columns"]] for table in schema["db_schema_tables"]}
    assert {"trace_id", "span_id", "end_time", "duration_ns"} <= set(tables["traces"]), tables
    assert {"logs", "metrics_gauge", "metrics_sum", "metrics_histogram"} <= set(tables)
    assert connection.adbc_get_table_schema("traces").field("trace_id").type in (pa.string(), pa.large_string(), pa.string_view())


def check_refusals():
    for statement in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('s3://bucket/x')",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'",
        "SET memory_limit = '100GB'",
        "PRAGMA threads = 100",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "INSERT INTO traces SELECT * FROM traces",
        "UPDATE traces SET name = ''",
        "DELETE FROM traces",
        "DROP TABLE traces",
        "SELECT getenv('PATH')",
        "SELECT 1; DROP TABLE traces",
        "WITH x AS (SELECT * FROM read_csv('/etc/passwd')) SELECT * FROM x",
        "SELECT (SELECT count(*) FROM '/etc/passwd')",
    ):
        refused(statement, cursor)
    refused("selec 1", cursor, "line 1, column 1")
    refused("SELECT nope FROM traces", cursor, "nope")
    refused("SELECT * FROM trace", cursor, "traces")
    cursor.execute("SELECT count(*) > 0 FROM traces")
    assert cursor.fetchall() == [(True,)]


def check_pyarrow():
    client = fl.connect(uri)
    sql = b"SELECT count(*) AS n FROM traces"
    info = client.get_flight_info(fl.FlightDescriptor.for_command(sql))
    (total,) = client.do_get(info.endpoints[0].ticket).read_all().column("n").to_pylist()
    assert total == sum(facts["spans"]["default"].values())
    assert b"traces" in {flight.descriptor.path[0] for flight in client.list_flights()}
    assert "trace_id" in client.get_schema(fl.FlightDescriptor.for_path("traces")).schema.names
    for ticket in (b"", b"garbage", b"{}", b"\xff" * 100):
        try:
            client.do_get(fl.Ticket(ticket)).read_all()
        except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError):
            continue
        raise AssertionError(f"the ticket {ticket} was taken")
    client.close()


def refused(statement, on, text=""):
    try:
        on.execute(statement)
        on.fetchall()
    except adbc_driver_manager.Error as error:
        assert ("INVALID_ARGUMENT" in str(error) or "NOT_FOUND" in str(error)) and text in str(error), (statement, error)
        return
    raise AssertionError(f"{statement} was answered")


for name, check in list(globals().items()):
    if name.startswith("check_"):
        try:
            began = time.monotonic()
            check()
            done[name[6:].replace("_", " ")] = f"{time.monotonic() - began:.1f} s"
        except BaseException as error:
            raise RuntimeError(name) from error
cursor.close()
connection.close()
print(json.dumps(done))
