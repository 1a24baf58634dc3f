"""ADBC's Flight SQL driver against the example database: python adbc_checks.py PORT read-only|writable|secured. Fails by an exception."""
import datetime as dt
import json
import re
import sys
import threading
import time
import warnings
from decimal import Decimal

import adbc_driver_flightsql.dbapi as dbapi
import adbc_driver_manager
import pyarrow as pa

uri = f"grpc://127.0.0.1:{sys.argv[1]}"
mode = sys.argv[2]
writable = mode == "writable"
Error = adbc_driver_manager.Error
UTC = dt.timezone.utc
done = {}

PEOPLE = [
    (1, "Ada", 1.5, dt.datetime(1970, 1, 1)),
    (2, "Grace", None, dt.datetime(2023, 11, 14, 22, 13, 20)),
    (3, None, -2.0, None),
]
# Column of `everything` → its Arrow type and the value in the first row.
EVERYTHING = {
    "row_number": (pa.int32(), 1),
    "a_bool": (pa.bool_(), True),
    "a_tinyint": (pa.int8(), -128),
    "a_smallint": (pa.int16(), -32768),
    "an_int": (pa.int32(), -(2**31)),
    "a_bigint": (pa.int64(), -(2**63)),
    "a_utinyint": (pa.uint8(), 255),
    "a_usmallint": (pa.uint16(), 65535),
    "a_uint": (pa.uint32(), 2**32 - 1),
    "a_ubigint": (pa.uint64(), 2**64 - 1),
    "a_hugeint": (pa.decimal128(38, 0), Decimal(-(10**38 - 1))),
    "a_float": (pa.float32(), 1.5),
    "a_double": (pa.float64(), -0.1),
    "dec_4_1": (pa.decimal128(4, 1), Decimal("-999.9")),
    "dec_9_2": (pa.decimal128(9, 2), Decimal("1234567.89")),
    "dec_18_3": (pa.decimal128(18, 3), Decimal("-123456789012345.678")),
    "dec_38_10": (pa.decimal128(38, 10), Decimal("1234567890123456789012345678.0123456789")),
    "a_text": (pa.string(), 'ü☃ "x"'),
    "a_blob": (pa.binary(), b"\x00\xff"),
    "a_uuid": (pa.string(), "11111111-2222-3333-4444-555555555555"),
    "an_enum": (pa.dictionary(pa.uint8(), pa.string()), "green"),
    "a_date": (pa.date32(), dt.date(1969, 12, 31)),
    "a_time": (pa.time64("us"), dt.time(23, 59, 59, 999999)),
    "ts_s": (pa.timestamp("s"), 1_700_000_000),
    "ts_ms": (pa.timestamp("ms"), 1_700_000_000_123),
    "ts_us": (pa.timestamp("us"), 1_700_000_000_123_456),
    "ts_ns": (pa.timestamp("ns"), 1_700_000_000_123_456_789),
    "ts_tz": (pa.timestamp("us", "UTC"), 1_699_992_800_123_456),
    "an_interval": (pa.month_day_nano_interval(), (14, 3, 14_706_789_000_000)),
    "ints": (pa.list_(pa.int32()), [1, None, 3]),
    "texts": (pa.list_(pa.string()), ["a", None, ""]),
    "lists": (pa.list_(pa.list_(pa.int32())), [[1], None, []]),
    "three": (pa.list_(pa.int32(), 3), [1, None, 3]),
    "a_struct": (pa.struct([("i", pa.int32()), ("t", pa.string())]), {"i": 1, "t": "one"}),
    "structs": (pa.list_(pa.struct([("i", pa.int32()), ("l", pa.list_(pa.string()))])), [{"i": 1, "l": ["a", None]}, None]),
    "a_map": (pa.map_(pa.string(), pa.int32()), [("a", 1), ("b", None)]),
}


def values_of(column):
    """Python's values, times and intervals as numbers (datetime has no nanoseconds)."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64()).to_pylist()
    if pa.types.is_interval(column.type):
        return [None if value is None else (value.months, value.days, value.nanoseconds) for value in column.to_pylist()]
    return column.to_pylist()


def bare(type_):
    """A type without the names of list items, which every implementation chooses for itself."""
    return re.sub(r"list<\w*: ", "list<", str(type_))


def check_queries():
    cursor.execute("SELECT * FROM people ORDER BY id")
    assert [column[0] for column in cursor.description] == ["id", "name", "score", "seen"]
    assert cursor.fetchall() == PEOPLE
    cursor.execute("SELECT range AS n FROM range(250000)")
    table = cursor.fetch_arrow_table()
    assert table.column("n").to_pylist() == list(range(250_000))
    cursor.execute("SELECT range AS n FROM range(0)")
    assert cursor.fetch_arrow_table().schema.names == ["n"]
    cursor.execute("SELECT 1 AS a, 2 AS a")
    assert cursor.fetch_arrow_table().num_columns == 2
    cursor.execute("EXPLAIN SELECT 1")
    assert len(cursor.fetchall()) == 1
    cursor.execute("SELECT range FROM range(100000000)")  # left unread


def check_types():
    cursor.execute("SELECT * FROM everything ORDER BY row_number")
    table = cursor.fetch_arrow_table()
    table.validate(full=True)
    assert table.schema.names == list(EVERYTHING), table.schema.names
    for name, (type_, first) in EVERYTHING.items():
        column = table.column(name).combine_chunks()
        assert bare(column.type) == bare(type_), (name, column.type)
        values = values_of(column)
        assert values[0] == first, (name, values[0], first)
        assert name == "row_number" or values[1] is None, (name, values[1])
        assert values[2] is not None, name
    last = {name: values_of(table.column(name).combine_chunks())[2] for name in EVERYTHING}
    assert last["a_double"] != last["a_double"] and last["a_float"] == float("inf")
    assert (last["lists"], last["a_map"], last["three"]) == ([], [], [4, 5, 6])
    assert last["a_struct"] == {"i": None, "t": None}
    assert last["an_interval"] == (-1, -1, -1_000_000_000)
    assert (last["ts_us"], last["a_hugeint"]) == (-62_135_596_800_000_000, Decimal(10**38 - 1))


def check_parameters():
    echo = lambda value, cast: (cursor.execute(f"SELECT ?::{cast} AS v", (value,)), cursor.fetchone()[0])[1]
    moment = dt.datetime(2024, 2, 29, 12, 30, 45, 123456)
    for value, cast in [
        ("hello", "VARCHAR"), ("", "VARCHAR"), ("ü☃", "VARCHAR"), (42, "BIGINT"), (-(2**63), "BIGINT"), (True, "BOOLEAN"), (1.5, "DOUBLE"),
        (None, "INTEGER"), (b"\x00\xff", "BLOB"), (dt.date(2024, 2, 29), "DATE"), (dt.time(12, 30, 45, 123456), "TIME"),
        (moment, "TIMESTAMP"), (moment.replace(tzinfo=UTC), "TIMESTAMPTZ"), (Decimal("-1.50"), "DECIMAL(10, 2)"), ([1, None, 3], "BIGINT[]"),
    ]:  # fmt: skip
        found = echo(value, cast)
        assert found == value and type(found) is type(value), (value, cast, found)
    cursor.execute("SELECT ?, ? + 1", ("a", 1))
    assert cursor.fetchall() == [("a", 2)]
    rows = pa.record_batch([pa.array(["a", None, "c"]), pa.array([1, 2, None])], ["p", "q"])
    cursor.execute("SELECT ?::VARCHAR, ?::BIGINT + 1", rows)
    assert cursor.fetchall() == [("a", 2), (None, 3), ("c", None)]
    mixed = pa.record_batch([pa.array([1, None])], ["p"])
    with_error("INVALID_ARGUMENT", "row 2 of the parameters gives v: Int32", lambda: (cursor.execute("SELECT ? AS v", mixed), cursor.fetchall()))
    categories = pa.record_batch([pa.array(["x", "y", "x"]).dictionary_encode()], ["p"])
    cursor.execute("SELECT ?::VARCHAR", categories)
    assert cursor.fetchall() == [("x",), ("y",), ("x",)]
    assert cursor.adbc_prepare("SELECT * FROM people WHERE id = ? AND seen > ?") == pa.schema([("1", pa.int64()), ("2", pa.timestamp("ms"))])
    with connection.cursor() as unbound:
        with_error("INVALID_ARGUMENT", "1 parameter, 0 given", lambda: (unbound.execute("SELECT ?::INT"), unbound.fetchall()))
        with_error("INVALID_ARGUMENT", "2 parameters, 1 given", lambda: (unbound.execute("SELECT ?::INT, ?::INT", (1,)), unbound.fetchall()))
    with_error("INVALID_ARGUMENT", "Could not convert", lambda: (cursor.execute("SELECT ?::INT", ("x",)), cursor.fetchall()))


def check_errors():
    with_error("INVALID_ARGUMENT", 'line 1, column 1: syntax error at or near "SELEC"', lambda: cursor.execute("SELEC 1"))
    with_error("NOT_FOUND", 'Did you mean "people"', lambda: cursor.execute("SELECT * FROM poeple"))
    with_error("INVALID_ARGUMENT", "colunm", lambda: cursor.execute("SELECT colunm FROM people"))
    late = "SELECT CASE WHEN range = 200000 THEN error('too far') ELSE 'fine' END FROM range(300000)"
    with_error("INVALID_ARGUMENT", "too far", lambda: (cursor.execute(late), cursor.fetchall()))
    cursor.execute("SELECT 1")
    assert cursor.fetchall() == [(1,)]


def check_schemas():
    schema = cursor.adbc_execute_schema("SELECT * FROM everything")
    assert schema.names == list(EVERYTHING)
    for field in schema:
        assert bare(field.type) == bare(EVERYTHING[field.name][0]), field


def check_info():
    info = connection.adbc_get_info()
    assert (info["vendor_name"], info["vendor_version"], info["vendor_arrow_version"]) == ("example", "1.2.3", "21.2.0"), info


def objects(depth, **filters):
    return connection.adbc_get_objects(depth=depth, **filters).read_all().to_pylist()


def tables_of(found):
    return sorted(
        f"{catalog['catalog_name']}.{schema['db_schema_name']}.{table['table_name']}"
        for catalog in found
        for schema in catalog["catalog_db_schemas"]
        for table in schema["db_schema_tables"]
    )


def check_metadata():
    assert [row["catalog_name"] for row in objects("catalogs")] == ["attic", "shop"]
    assert [row["catalog_name"] for row in objects("catalogs", catalog_filter="s%")] == ["shop"]
    (shop,) = objects("db_schemas", catalog_filter="shop")
    assert [row["db_schema_name"] for row in shop["catalog_db_schemas"]] == ["box_1", "boxes", "main"]
    (shop,) = objects("db_schemas", catalog_filter="shop", db_schema_filter="box__")
    assert [row["db_schema_name"] for row in shop["catalog_db_schemas"]] == ["box_1", "boxes"]
    everywhere = ["attic.main.old_things", "shop.box_1.customers", "shop.box_1.orders", "shop.boxes.people", "shop.main.everything", "shop.main.people", "shop.main.scores"]
    for filters, expected in [
        ({}, everywhere),
        ({"db_schema_filter": "box\\_%"}, ["shop.box_1.customers", "shop.box_1.orders"]),
        ({"table_name_filter": "p_ople"}, ["shop.boxes.people", "shop.main.people"]),
        ({"table_name_filter": "%\\_%"}, ["attic.main.old_things"]),
        ({"catalog_filter": "shop", "table_types_filter": ["VIEW"]}, ["shop.main.scores"]),
        ({"table_types_filter": ["NOTHING"]}, []),
        ({"table_name_filter": ""}, []),
    ]:
        assert [name for name in tables_of(objects("tables", **filters)) if not name.startswith("shop.main.tmp")] == expected, filters
    found = objects("all", catalog_filter="shop", db_schema_filter="main", table_name_filter="people")
    (table,) = found[0]["catalog_db_schemas"][0]["db_schema_tables"]
    columns = table["table_columns"]
    assert [(column["column_name"], column["ordinal_position"]) for column in columns] == [("id", 1), ("name", 2), ("score", 3), ("seen", 4)]
    assert [(column["xdbc_type_name"], column["xdbc_data_type"]) for column in columns] == [("BIGINT", -5), ("VARCHAR", 12), ("DOUBLE", 6), ("TIMESTAMP", 93)]
    assert (columns[3]["xdbc_scope_catalog"], columns[3]["xdbc_scope_schema"], columns[3]["xdbc_scope_table"]) == ("shop", "main", "people")
    (only,) = objects("all", table_name_filter="orders", column_name_filter="pri%")[1]["catalog_db_schemas"][0]["db_schema_tables"]
    assert [column["column_name"] for column in only["table_columns"]] == ["price"]
    schema = connection.adbc_get_table_schema("people", db_schema_filter="main")
    assert [(field.name, field.nullable) for field in schema] == [("id", False), ("name", True), ("score", True), ("seen", True)]
    assert schema.field("seen").metadata[b"ARROW:FLIGHT:SQL:REMARKS"] == b"when they were seen last"
    with_error("NOT_FOUND", "", lambda: connection.adbc_get_table_schema("nothing"))
    assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]


def check_sessions():
    assert (connection.adbc_current_catalog, connection.adbc_current_db_schema) == ("shop", "main")
    connection.adbc_current_catalog = "shop"
    with_error("", "", lambda: setattr(connection, "adbc_current_catalog", "elsewhere"))
    if writable:
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        other = dbapi.connect(uri)
        assert any("autocommit" in str(warning.message) for warning in caught)
    other.close()


def check_open_door():
    """Where nobody has to log in, who logs in all the same gets in."""
    with dbapi.connect(uri, autocommit=True, db_kwargs={"username": "anyone", "password": "anything"}) as one, one.cursor() as own:
        own.execute("SELECT 1")
        assert own.fetchone() == (1,)


def check_partitions():
    partitions, schema = cursor.adbc_execute_partitions("SELECT * FROM people ORDER BY id")
    assert schema.names == ["id", "name", "score", "seen"]
    rows = []
    for partition in partitions:
        cursor.adbc_read_partition(partition)
        rows += cursor.fetchall()
    assert rows == PEOPLE
    with connection.cursor() as slow:  # by PollFlightInfo: nothing twice, then the rows
        slow.adbc_statement.set_options(**{"adbc.statement.exec.incremental": "true"})
        slow.adbc_statement.set_sql_query("/* slow */ SELECT 42 AS n")
        found, progress = [], []
        while True:
            batches, _, _ = slow.adbc_statement.execute_partitions()
            if not batches:
                break
            found += batches
        for partition in found:
            cursor.adbc_read_partition(partition)
            assert cursor.fetchall() == [(42,)]
        assert len(found) == 1, found


def count(table):
    cursor.execute(f"SELECT count(*) FROM {table}")
    return cursor.fetchone()[0]


def check_writing():
    if not writable:
        with_error("INVALID_ARGUMENT", "only queries can be run here", lambda: cursor.execute("CREATE TABLE tmp (a INT)"))
        with_error("INVALID_ARGUMENT", "only queries can be run here", lambda: cursor.executescript("CREATE TABLE tmp (a INT)"))
        with_error("", "bulk ingest is not served here", lambda: cursor.adbc_ingest("t", pa.table({"a": [1]})))
        return
    cursor.execute("CREATE TABLE tmp_w (a BIGINT PRIMARY KEY, b VARCHAR)")
    cursor.execute("INSERT INTO tmp_w VALUES (1, 'one')")
    assert cursor.rowcount in (1, -1)
    assert count("tmp_w") == 1, "an INSERT by execute takes effect once"
    cursor.execute("INSERT INTO tmp_w VALUES (?, ?)", (2, "two"))
    assert count("tmp_w") == 2
    cursor.executescript("INSERT INTO tmp_w VALUES (3, 'three')")
    cursor.executemany("INSERT INTO tmp_w VALUES (?, ?)", [(4, None), (5, "five"), (6, "six")])
    assert cursor.rowcount == 3
    with_error("ALREADY_EXISTS", "uplicate key", lambda: cursor.executemany("INSERT INTO tmp_w VALUES (?, ?)", [(7, "new"), (1, "twice")]))
    assert count("tmp_w") == 6, "all rows or none"
    cursor.executemany("INSERT INTO tmp_w VALUES (?, ?)", pa.record_batch([pa.array(range(100, 1100)), pa.array(["x"] * 1000)], ["a", "b"]))
    assert count("tmp_w") == 1006
    cursor.execute("UPDATE tmp_w SET b = 'y' WHERE a >= 100")
    cursor.execute("SELECT count(*) FROM tmp_w WHERE b = 'y'")
    assert cursor.fetchone() == (1000,)
    with_error("ALREADY_EXISTS", "already exists", lambda: cursor.execute("CREATE TABLE tmp_w (a INT)"))
    cursor.execute("DROP TABLE tmp_w")
    with_error("NOT_FOUND", "tmp_w", lambda: cursor.execute("DROP TABLE tmp_w"))


def check_ingest():
    if not writable:
        return
    three = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})

    def ingest(table, data, mode, **more):
        with connection.cursor() as own:  # a cursor keeps the catalog and the schema of its last ingest
            return own.adbc_ingest(table, data, mode=mode, **more)

    with_error("NOT_FOUND", "there is no table", lambda: ingest("tmp_i", three, "append"))
    assert ingest("tmp_i", three, "create") == 3
    with_error("ALREADY_EXISTS", "already", lambda: ingest("tmp_i", three, "create"))
    assert ingest("tmp_i", three, "append") == 3 and count("tmp_i") == 6
    assert ingest("tmp_i", three, "replace") == 3 and count("tmp_i") == 3
    assert ingest("tmp_i", three, "create_append") == 3 and count("tmp_i") == 6
    assert ingest("things", three, "create", catalog_name="attic", db_schema_name="main") == 3
    assert count("attic.main.things") == 3
    with_error("INVALID_ARGUMENT", "no temporary tables", lambda: ingest("tmp_t", three, "create", temporary=True))
    ingest("tmp_i", three.schema.empty_table(), "append")  # sends no message at all
    assert count("tmp_i") == 6
    ingest("tmp_i", pa.record_batch([pa.array([], pa.int64()), pa.array([], pa.string())], ["a", "b"]), "append")
    assert count("tmp_i") == 6
    batches = [pa.record_batch([pa.array(range(i, i + 10_000)), pa.array(["y"] * 10_000)], ["a", "b"]) for i in range(0, 500_000, 10_000)]
    assert ingest("tmp_i", pa.RecordBatchReader.from_batches(three.schema, batches), "replace") == 500_000
    cursor.execute("SELECT count(*), sum(a), count(DISTINCT b) FROM tmp_i")
    assert cursor.fetchone() == (500_000, sum(range(500_000)), 1)
    cursor.execute("SELECT * FROM everything ORDER BY row_number")
    everything = cursor.fetch_arrow_table()
    assert ingest("tmp_e", everything, "create") == 3
    cursor.execute("SELECT * FROM tmp_e ORDER BY row_number")
    back = cursor.fetch_arrow_table()
    for name in EVERYTHING:
        there, here = (values_of(table.column(name).combine_chunks()) for table in (everything, back))
        assert there == here or name == "a_double", (name, there, here)
    for table in ("tmp_i", "tmp_e", "attic.main.things"):
        cursor.execute(f"DROP TABLE {table}")


def check_transactions():
    if not writable:
        return
    with dbapi.connect(uri) as inside, inside.cursor() as own:
        own.execute("CREATE TABLE tmp_x (a INTEGER)")
        own.executemany("INSERT INTO tmp_x VALUES (?)", [(1,), (2,)])
        own.execute("SELECT count(*) FROM tmp_x")
        assert own.fetchone() == (2,)
        with_error("NOT_FOUND", "tmp_x", lambda: cursor.execute("FROM tmp_x"))
        inside.commit()
        assert count("tmp_x") == 2
        own.execute("DELETE FROM tmp_x")
        inside.rollback()  # of an ingest nothing can be said: the driver leaves out the transaction
        assert count("tmp_x") == 2
        own.execute("DROP TABLE tmp_x")
        inside.commit()


def check_cancellation():
    endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b"
    started = time.monotonic()
    threading.Timer(0.3, cursor.adbc_cancel).start()
    with_error("CANCELLED", "", lambda: (cursor.execute(endless), cursor.fetchall()))
    options = {"adbc.flight.sql.rpc.timeout_seconds.fetch": "0.3"}
    with dbapi.connect(uri, autocommit=True, db_kwargs=options) as hurried, hurried.cursor() as impatient:
        with_error("", "", lambda: (impatient.execute(endless), impatient.fetchall()))
    if writable:
        options = {"adbc.flight.sql.rpc.timeout_seconds.update": "0.3"}
        with dbapi.connect(uri, autocommit=True, db_kwargs=options) as hurried, hurried.cursor() as impatient:
            with_error("", "", lambda: impatient.executescript(f"CREATE TABLE tmp_n AS {endless}"))
    assert time.monotonic() - started < 20


def check_many_connections():
    failures = []

    def work():
        try:
            with dbapi.connect(uri, autocommit=True) as one, one.cursor() as own:
                for i in range(3):
                    own.execute("SELECT range + ? AS n FROM range(20000)", (i,))
                    assert own.fetch_arrow_table().column("n")[-1].as_py() == 19_999 + i
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def check_many_rows():
    """Read slowly at first: what isn't read must wait at the server, which the suite looks at."""
    cursor.execute("SELECT range AS n, range / 3 AS f, 'row ' || range AS t FROM range(5000000)")
    reader = cursor.fetch_record_batch()
    rows = total = 0
    for batch in reader:
        if rows < 1_000_000:
            time.sleep(0.05)
        rows += batch.num_rows
        total += batch.column(0)[0].as_py()
    assert rows == 5_000_000


def secured():
    def connected(**kwargs):
        with dbapi.connect(uri, autocommit=True, db_kwargs=kwargs) as one, one.cursor() as own:
            own.execute("SELECT 42")
            assert own.fetchall() == [(42,)]

    header = "adbc.flight.sql.authorization_header"
    connected(username="ada", password="secret")
    connected(**{header: "Bearer good-token"})
    connected(**{"adbc.flight.sql.rpc.call_header.authorization": "Bearer good-token"})
    for wrong in [{}, {header: "Bearer bad"}, {header: "nonsense"}, {"username": "ada", "password": "wrong"}, {"username": "eve", "password": "secret"}]:
        with_error("UNAUTHENTICATED", "", lambda: connected(**wrong))
    done["secured"] = "user and password, tokens, wrong ones and none"


def with_error(status, text, work):
    try:
        work()
    except (Error, pa.ArrowException, OSError) as error:
        assert status in str(error) and text in str(error), error
        return
    raise AssertionError("no error")


if mode == "secured":
    secured()
else:
    connection = dbapi.connect(uri, autocommit=True)
    cursor = connection.cursor()
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
