"""Queries over the signals, what SQL refuses, and tenants by header."""
import pyarrow as pa
import pyarrow.flight as fl
from signaldb_common import ask, connect, facts, refused, run_checks, uri

connection = connect()


def check_queries():
    rows = ask(connection, "SELECT service_name, count(*), avg(duration_ns) FROM traces GROUP BY 1 ORDER BY 1")
    assert {service: count for service, count, _ in rows} == facts["spans"]["default"], rows
    assert ask(connection, "SELECT bool_and(end_time - start_time = duration_ns) FROM traces") == [(True,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 AS a, 'x' AS a, NULL AS n")
        table = cursor.fetch_arrow_table()
        assert table.schema.names == ["a", "a", "n"] and table.num_rows == 1
        cursor.execute("SELECT * FROM traces WHERE false")
        assert "trace_id" in cursor.fetch_arrow_table().schema.names


def check_parameters():
    (service, count) = next(iter(facts["spans"]["default"].items()))
    assert ask(connection, "SELECT count(*) FROM traces WHERE service_name = ?", (service,)) == [(count,)]
    for value in (41, 1.5, -(2**40)):
        assert ask(connection, "SELECT ? + 1", (value,)) == [(value + 1,)]
    rows = pa.record_batch([pa.array(["a", None, "ü"])], ["v"])
    assert ask(connection, "SELECT ?::VARCHAR AS v", rows) == [("a",), (None,), ("ü",)]
    with connection.cursor() as cursor:
        assert cursor.adbc_prepare("SELECT count(*) FROM traces WHERE service_name = ? AND duration_ns > ?").types == [pa.string(), pa.int64()]
        assert cursor.adbc_execute_schema("SELECT trace_id, duration_ns FROM traces").names == ["trace_id", "duration_ns"]


def check_a_thousand_prepared_statements():
    cursors = [connection.cursor() for _ in range(1000)]
    for i, cursor in enumerate(cursors):
        cursor.adbc_prepare(f"SELECT {i} + ?")
    for i, cursor in enumerate(cursors):
        if i % 50 == 0:
            cursor.execute(f"SELECT {i} + ?", (1,))
            assert cursor.fetchall() == [(i + 1,)]
        cursor.close()


def check_tenants():
    for tenant, spans in facts["spans"].items():
        with connect(tenant=tenant) as own:
            assert dict(ask(own, "SELECT service_name, count(*) FROM traces GROUP BY 1")) == spans, tenant
            assert own.adbc_current_db_schema == tenant
            (catalog,) = own.adbc_get_objects(depth="db_schemas").read_all().to_pylist()
            assert [schema["db_schema_name"] for schema in catalog["catalog_db_schemas"]] == [tenant]
            for other in facts["spans"]:
                if other != tenant:
                    refused(lambda: ask(own, f'SELECT * FROM "{other}".traces'))
    for name in ("a/b", "../x", "a|b", "x" * 500):
        with connect(tenant=name) as own:
            refused(lambda: ask(own, "SELECT 1"))


def check_refusals():
    for statement in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('s3://bucket/x')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "EXPORT DATABASE '/tmp/x'",
        "ATTACH '/tmp/x.db'",
        "SET memory_limit = '100GB'",
        "PRAGMA threads = 100",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE MACRO f() AS 1",
        "SELECT getenv('PATH')",
        "SELECT current_setting('home_directory')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM query('SELECT 1')",
        "SELECT 1; DROP TABLE traces",
        "WITH x AS (SELECT * FROM read_csv('/etc/passwd')) SELECT * FROM x",
        "SELECT (SELECT count(*) FROM '/etc/passwd')",
        "SELECT 'a",
        "-- nothing",
        "SELECT " + "1 + " * 20_000 + "1",
        "SELECT " + "not " * 15_000 + "true",
        "SELECT * FROM (" * 2000 + "SELECT 1" + ")" * 2000,
    ):
        refused(lambda: ask(connection, statement))
    refused(lambda: ask(connection, "selec 1"), "line 1, column 1")
    refused(lambda: ask(connection, "SELECT nope FROM traces"), "line 1, column 8", "nope")
    refused(lambda: ask(connection, "SELECT trace_ip FROM traces"), "line 1, column 8", "trace_id")
    refused(lambda: ask(connection, "SELECT\n  count(*)\nFROM trace"), "line 3, column 6", "traces", kinds=("NOT_FOUND",))
    assert ask(connection, "SELECT count(*) > 0 FROM traces") == [(True,)]


def check_limits_name_themselves():
    for statement in ("SELECT list(range) FROM range(1000000000)", "SELECT repeat('x', 2000000000)"):
        try:
            ask(connection, statement)
        except Exception as error:
            assert "querier.sqlMemoryBytesMax" in str(error), error
        else:
            raise AssertionError(f"{statement} was answered")
    assert ask(connection, "SELECT 1") == [(1,)]


def check_pyarrow():
    client = fl.connect(uri)
    info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT count(*) AS n FROM traces"))
    (total,) = client.do_get(info.endpoints[0].ticket).read_all().column("n").to_pylist()
    assert total == sum(facts["spans"]["default"].values())
    for command in (b"SELECT 1\x00; nobody reads this", b"SELECT '\xff'", b"", b"\x0a\x05hello", b"\x00" * 1000):
        try:
            client.get_flight_info(fl.FlightDescriptor.for_command(command))
        except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError):
            continue
        raise AssertionError(f"the command {command} was taken")
    for ticket in (b"", b"garbage", b"{}", b"\xff" * 100, b"x" * 100_000, info.endpoints[0].ticket.ticket[:-1]):
        try:
            client.do_get(fl.Ticket(ticket)).read_all()
        except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError):
            continue
        raise AssertionError(f"the ticket {ticket} was taken")
    client.close()


run_checks(globals())
connection.close()
