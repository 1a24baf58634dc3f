"""ADBC's Flight SQL driver against the toy database: python adbc_checks.py PORT read-only|writable. Fails by an exception."""
import datetime as dt
import json
import sys
import threading
import time
import warnings

import adbc_driver_flightsql.dbapi as dbapi
import adbc_driver_manager
import pyarrow as pa

uri = f"grpc://127.0.0.1:{sys.argv[1]}"
writable = sys.argv[2] == "writable"
connection = dbapi.connect(uri, autocommit=True)
cursor = connection.cursor()
Error = adbc_driver_manager.Error
done = {}

PEOPLE = [
    (1, "Ada", 1.5, dt.datetime(1970, 1, 1)),
    (2, "Grace", None, dt.datetime(2023, 11, 14, 22, 13, 20)),
    (3, None, -2.0, None),
]


def check_queries():
    cursor.execute("SELECT * FROM people")
    assert [column[0] for column in cursor.description] == ["id", "name", "score", "seen"]
    assert cursor.fetchall() == PEOPLE
    cursor.execute("COUNT 250000")
    table = cursor.fetch_arrow_table()
    assert table.column("n").to_pylist() == list(range(250_000))
    cursor.execute("COUNT 0")
    assert cursor.fetch_arrow_table().schema.names == ["n"]
    cursor.execute("COUNT 1000000")  # left unread


def check_parameters():
    cursor.execute("ECHO ?", ("hello",))
    assert cursor.fetchall() == [("hello",)]
    cursor.execute("ECHO ?", (42,))
    assert cursor.fetchall() == [("42",)]
    cursor.execute("ECHO ?", (None,))
    assert cursor.fetchall() == [(None,)]
    assert cursor.adbc_prepare("ECHO ?").names == ["1"]
    cursor.execute("ECHO ?", pa.record_batch([pa.array(["a", None, "c"])], ["p"]))
    assert cursor.fetchall() == [("a",), (None,), ("c",)]
    with connection.cursor() as unbound:
        with_error("INVALID_ARGUMENT", "needs a value", lambda: (unbound.execute("ECHO ?"), unbound.fetchall()))


def check_errors():
    with_error("INVALID_ARGUMENT", 'line 1, column 1: "nonsense" means nothing', lambda: cursor.execute("nonsense"))
    for status in ("NOT_FOUND", "ALREADY_EXISTS", "UNAUTHENTICATED"):
        with_error(status, f"failed as asked: {status}", lambda: cursor.execute(f"FAIL {status}"))
    cursor.execute("COUNT 1")
    assert cursor.fetchall() == [(0,)]


def check_schemas():
    schema = cursor.adbc_execute_schema("SELECT * FROM people")
    assert [(field.name, field.nullable) for field in schema] == [("id", False), ("name", True), ("score", True), ("seen", True)]


def check_metadata():
    info = connection.adbc_get_info()
    assert (info["vendor_name"], info["vendor_version"]) == ("SignalDB", "0.1.0"), info
    names = lambda depth, **filters: connection.adbc_get_objects(depth=depth, **filters).read_all().to_pylist()
    assert [row["catalog_name"] for row in names("catalogs")] == ["attic", "toys"]
    toys = names("db_schemas", catalog_filter="toys")[0]
    assert [row["db_schema_name"] for row in toys["catalog_db_schemas"]] == ["box_1", "main"]
    (found,) = names("tables", catalog_filter="toys", db_schema_filter="box\\_%", table_name_filter="p_ople")
    assert [table["table_name"] for schema in found["catalog_db_schemas"] for table in schema["db_schema_tables"]] == ["people"]
    everything = names("all", catalog_filter="toys", db_schema_filter="main", table_name_filter="people")
    (table,) = everything[0]["catalog_db_schemas"][0]["db_schema_tables"]
    assert [column["column_name"] for column in table["table_columns"]] == ["id", "name", "score", "seen"]
    assert connection.adbc_get_table_schema("people", db_schema_filter="main").names == ["id", "name", "score", "seen"]
    with_error("NOT_FOUND", "", lambda: connection.adbc_get_table_schema("nothing"))
    assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]


def check_sessions():
    assert (connection.adbc_current_catalog, connection.adbc_current_db_schema) == ("toys", "main")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        other = dbapi.connect(uri)
        assert any("autocommit" in str(warning.message) for warning in caught)
    other.close()


def check_writing():
    if not writable:
        with_error("INVALID_ARGUMENT", "only queries can be run here", lambda: cursor.execute("TOUCH 7"))
        with_error("INVALID_ARGUMENT", "only queries can be run here", lambda: cursor.executescript("TOUCH 7"))
        with_error("", "", lambda: cursor.adbc_ingest("t", pa.table({"a": [1]})))
        return
    cursor.execute("TOUCH 7")
    assert cursor.rowcount in (7, -1)
    cursor.executescript("TOUCH 7")
    cursor.executemany("SET ?", [(1,), (2,)])
    assert cursor.rowcount == 2
    for mode in ("create", "append", "replace", "create_append"):
        assert cursor.adbc_ingest("t", pa.table({"a": [1, 2, 3]}), mode=mode) == 3


def check_cancellation():
    started = time.monotonic()
    threading.Timer(0.3, cursor.adbc_cancel).start()
    with_error("CANCELLED", "", lambda: (cursor.execute("SLEEP"), cursor.fetchall()))
    options = {"adbc.flight.sql.rpc.timeout_seconds.fetch": "0.3"}
    with dbapi.connect(uri, autocommit=True, db_kwargs=options) as hurried, hurried.cursor() as impatient:
        with_error("", "", lambda: (impatient.execute("SLEEP"), impatient.fetchall()))
    assert time.monotonic() - started < 10


def check_many_connections():
    failures = []

    def work():
        try:
            with dbapi.connect(uri, autocommit=True) as one, one.cursor() as own:
                own.execute("COUNT 20000")
                assert own.fetch_arrow_table().num_rows == 20_000
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def with_error(status, text, work):
    try:
        work()
    except Error as error:
        assert status in str(error) and text in str(error), error
        return
    raise AssertionError("no error")


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
