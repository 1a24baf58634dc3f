"""Tables of users: bulk ingest in all modes, DDL, INSERT with many rows of parameters; what is answered is there in the next query."""
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
from signaldb_common import ask, connect, facts, refused, run_checks, uris

connection = connect()
reader = connect(uris[-1])
moment = datetime(2026, 1, 2, 3, 4, 5, 123456)

columns = {
    "bool": pa.array([True, None, False]),
    "int8": pa.array([-128, None, 127], pa.int8()),
    "int16": pa.array([-(2**15), None, 2**15 - 1], pa.int16()),
    "int32": pa.array([-(2**31), None, 2**31 - 1], pa.int32()),
    "int64": pa.array([-(2**63), None, 2**63 - 1], pa.int64()),
    "uint8": pa.array([0, None, 255], pa.uint8()),
    "uint16": pa.array([0, None, 2**16 - 1], pa.uint16()),
    "uint32": pa.array([0, None, 2**32 - 1], pa.uint32()),
    "uint64": pa.array([0, None, 2**64 - 1], pa.uint64()),
    "float32": pa.array([1.5, None, float("-inf")], pa.float32()),
    "float64": pa.array([1e300, None, -0.0]),
    "decimal": pa.array([Decimal("12.30"), None, Decimal("-99.99")], pa.decimal128(4, 2)),
    "wide_decimal": pa.array([Decimal("1234567890123456789012345678.0123456789"), None, Decimal("-1E-10")], pa.decimal128(38, 10)),
    "string": pa.array(["ü€😀", None, ""]),
    "large_string": pa.array(["a", None, "b"], pa.large_string()),
    "dictionary": pa.array(["red", None, "red"]).dictionary_encode(),
    "binary": pa.array([b"\x00\xff", None, b""]),
    "fixed_binary": pa.array([b"abc", None, b"\x00\x00\x00"], pa.binary(3)),
    "date": pa.array([date(1970, 1, 1), None, date(9999, 12, 31)]),
    "time": pa.array([time(0), None, time(23, 59, 59, 999999)]),
    "timestamp_s": pa.array([moment.replace(microsecond=0), None, datetime(1900, 1, 1)], pa.timestamp("s")),
    "timestamp_ms": pa.array([moment.replace(microsecond=123000), None, datetime(1900, 1, 1)], pa.timestamp("ms")),
    "timestamp_us": pa.array([moment, None, datetime(1900, 1, 1)], pa.timestamp("us")),
    "timestamp_ns": pa.array([1767323045123456789, None, 0], pa.timestamp("ns")),
    "timestamp_utc": pa.array([moment.replace(tzinfo=timezone.utc), None, datetime(1900, 1, 1, tzinfo=timezone.utc)]),
    "timestamp_zone": pa.array([moment, None, datetime(2026, 7, 1)], pa.timestamp("us", "Europe/Berlin")),
    "interval": pa.array([pa.MonthDayNano([14, 3, 5_000]), None, pa.MonthDayNano([-1, 0, 0])]),
    "duration": pa.array([timedelta(seconds=1), None, timedelta(days=-2)], pa.duration("us")),
    "list": pa.array([[1, None, 3], None, []], pa.list_(pa.int32())),
    "list_of_lists": pa.array([[["a"], [], None], None, []], pa.list_(pa.list_(pa.string()))),
    "array": pa.array([[1.0, 2.0], None, [3.0, None]], pa.list_(pa.float64(), 2)),
    "struct": pa.array([{"a": 1, "b": {"c": "x"}}, None, {"a": None, "b": None}], pa.struct([("a", pa.int64()), ("b", pa.struct([("c", pa.string())]))])),
    "map": pa.array([[("k", 1), ("l", None)], None, []], pa.map_(pa.string(), pa.int64())),
    "list_of_structs": pa.array([[{"at": moment, "n": Decimal("1.5")}], None, [None]], pa.list_(pa.struct([("at", pa.timestamp("us")), ("n", pa.decimal128(10, 1))]))),
}
every_type = pa.table(columns)
numbers = pa.table({"n": pa.array(range(10), pa.int64()), "text": [f"row {i}" for i in range(10)]})


def ingest(name, data, mode, **options):
    with connection.cursor() as cursor:
        return cursor.adbc_ingest(name, data, mode=mode, **options)


def count(name):
    return ask(reader, f"SELECT count(*) FROM {name}")[0][0]


def update(statement, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def values(column):
    """As whole numbers where Python has no type for it, and durations as the intervals that SQL has for them."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.int64())
    found = column.to_pylist()
    if pa.types.is_duration(column.type):
        return [value and pa.MonthDayNano([0, 0, int(value.total_seconds()) * 10**9]) for value in found]
    return found


def check_ingest_of_each_type():
    for name, column in columns.items():
        assert ingest("typed", pa.table({"i": [0, 1, 2], "v": column}), "replace") == 3
        with reader.cursor() as cursor:
            cursor.execute("SELECT v FROM typed ORDER BY i")
            found = cursor.fetch_arrow_table().column(0)
        assert values(found) == values(column), (name, found.type, found.to_pylist())


def check_ingest_of_all_types_at_once():
    assert ingest("every_type", every_type, "create") == 3
    assert ingest("every_type", every_type.slice(0, 0), "append") == 0
    assert ingest("every_type", every_type.slice(1, 2), "append") == 2
    with reader.cursor() as cursor:
        cursor.execute("SELECT * FROM every_type")
        table = cursor.fetch_arrow_table()
    assert table.schema.names == every_type.schema.names
    assert table.num_rows == 5 and all(table.column(name).null_count >= 2 for name in table.schema.names)
    update("DROP TABLE every_type")


def check_ingest_modes():
    assert ingest("numbers", numbers, "create") == 10
    refused(lambda: ingest("numbers", numbers, "create"), "numbers", kinds=("ALREADY_EXISTS",))
    assert ingest("numbers", numbers, "append") == 10
    assert count("numbers") == 20
    assert ingest("numbers", numbers.slice(0, 3), "replace") == 3
    assert count("numbers") == 3, "rows of the table that was replaced"
    assert ingest("numbers", numbers, "create_append") == 10
    assert count("numbers") == 13
    refused(lambda: ingest("missing", numbers, "append"), "missing", kinds=("NOT_FOUND",))
    assert ingest("missing", numbers, "create_append") == 10
    empty = pa.RecordBatchReader.from_batches(numbers.schema, [pa.RecordBatch.from_pylist([], numbers.schema)])
    assert ingest("empty", empty, "create") == 0  # a table without any batch sends nothing at all
    assert count("empty") == 0
    refused(lambda: ingest("typed_otherwise", numbers, "create", temporary=True), kinds=("NOT_IMPLEMENTED", "INVALID_ARGUMENT"))
    tenant = reader.adbc_current_db_schema
    assert ingest("empty", numbers, "append", catalog_name="signaldb", db_schema_name=tenant) == 10
    refused(lambda: ingest("empty", numbers, "append", db_schema_name="elsewhere"), "elsewhere", kinds=("NOT_FOUND", "INVALID_ARGUMENT", "UNAUTHORIZED"))
    for name in ("numbers", "missing", "empty"):
        update(f"DROP TABLE {name}")


def check_ingest_of_many_batches():
    schema = pa.schema([("n", pa.int64()), ("s", pa.string())])
    batches = (pa.record_batch([range(i * 10_000, (i + 1) * 10_000), ["x" * 50] * 10_000], schema=schema) for i in range(50))
    assert ingest("many", pa.RecordBatchReader.from_batches(schema, batches), "create") == 500_000
    assert ask(reader, "SELECT count(*), count(DISTINCT n), sum(length(s)) FROM many") == [(500_000, 500_000, 25_000_000)]
    update("DROP TABLE many")


def check_what_ingest_refuses():
    update("CREATE TABLE strict (id BIGINT NOT NULL, text VARCHAR)")
    assert ingest("strict", pa.table({"id": [1]}), "append") == 1
    assert ask(reader, "SELECT * FROM strict") == [(1, None)]
    refused(lambda: ingest("strict", pa.table({"id": [1], "other": [2]}), "append"), "other")
    refused(lambda: ingest("strict", pa.table({"id": ["x"]}), "append"), "id")
    refused(lambda: ingest("strict", pa.table({"id": pa.array([None], pa.int64())}), "append"), "id")
    refused(lambda: ingest("strict", pa.table({"text": ["x"]}), "append"), "id")
    assert count("strict") == 1
    for name in ("traces", "logs", "metrics_gauge"):
        refused(lambda: ingest(name, numbers, "append"), name)
        refused(lambda: ingest(name, numbers, "replace"), name)
    for name in ('x"; DROP TABLE strict; --', "../strict", "a/b", "a.b", "ü", "x" * 129, "1x"):
        refused(lambda: ingest(name, numbers, "create"))
    update("DROP TABLE strict")


def check_ddl():
    update("CREATE TABLE made (id BIGINT PRIMARY KEY, seen TIMESTAMP, amount DECIMAL(10,2), tags VARCHAR[], facts STRUCT(a INTEGER, b VARCHAR))")
    refused(lambda: update("CREATE TABLE made (id BIGINT)"), "made", kinds=("ALREADY_EXISTS",))
    update("CREATE TABLE IF NOT EXISTS made (id BIGINT)")
    assert [field.name for field in reader.adbc_get_table_schema("made")] == ["id", "seen", "amount", "tags", "facts"]
    update("INSERT INTO made VALUES (1, TIMESTAMP '2026-01-02 03:04:05', 12.5, ['a', NULL], {'a': 1, 'b': 'x'}), (2, NULL, NULL, NULL, NULL)")
    assert ask(reader, "SELECT * FROM made ORDER BY id") == [
        (1, datetime(2026, 1, 2, 3, 4, 5), Decimal("12.50"), ["a", None], {"a": 1, "b": "x"}),
        (2, None, None, None, None),
    ]
    update("INSERT INTO made (amount, id) SELECT range * 1.25, range + 10 FROM range(4)")
    assert ask(reader, "SELECT count(*), sum(amount) FROM made WHERE id >= 10") == [(4, Decimal("7.50"))]
    update("CREATE TABLE copied AS SELECT id, amount FROM made WHERE id >= 10")
    assert count("copied") == 4
    update("CREATE OR REPLACE TABLE copied AS SELECT 'other' AS text")
    assert ask(reader, "SELECT * FROM copied") == [("other",)]
    update("INSERT INTO copied SELECT text FROM copied")
    assert count("copied") == 2
    for table in ("made", "copied"):
        update(f"DROP TABLE {table}")
        refused(lambda: ask(reader, f"SELECT * FROM {table}"), table, kinds=("NOT_FOUND",))
        refused(lambda: update(f"DROP TABLE {table}"), table, kinds=("NOT_FOUND",))
        update(f"DROP TABLE IF EXISTS {table}")


def check_a_dropped_table_stays_away():
    for n in range(1, 4):
        update("CREATE TABLE again (n INTEGER)")
        update(f"INSERT INTO again SELECT * FROM range({n})")
        assert count("again") == n, "rows of a table that was dropped"
        update("DROP TABLE again")
    update("CREATE TABLE again (other VARCHAR)")
    assert ask(reader, "SELECT * FROM again") == []
    update("DROP TABLE again")


def check_many_rows_of_parameters():
    update("CREATE TABLE bound (id INTEGER NOT NULL, seen TIMESTAMPTZ, price DECIMAL(8,2), text VARCHAR, raw BLOB, born DATE, yes BOOLEAN)")
    aware = moment.replace(tzinfo=timezone.utc)
    rows = [(i, aware, Decimal("1.25") * i, f"text {i}", bytes([i]), date(2026, 1, 1 + i), i % 2 == 0) for i in range(20)]
    rows.append((20,) + (None,) * 6)
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO bound VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        assert cursor.rowcount in (-1, len(rows)), cursor.rowcount
    assert ask(reader, "SELECT * FROM bound ORDER BY id") == rows
    with connection.cursor() as cursor:
        refused(lambda: cursor.executemany("INSERT INTO bound (id, text) VALUES (?, ?)", [(100, "a"), (None, "b")]), "id")
        refused(lambda: cursor.executemany("INSERT INTO bound (id, text) SELECT ?::VARCHAR::INTEGER, 'x'", [("7",), ("seven",)]), "seven")
    assert ask(reader, "SELECT count(*) FROM bound WHERE text IN ('a', 'b', 'x')") == [(0,)], "a part of the rows was written"
    update("INSERT INTO bound (id, text) VALUES (?, ?)", (200, "one"))
    assert ask(reader, "SELECT id FROM bound WHERE text = ?", ("one",)) == [(200,)]
    update("DROP TABLE bound")


def check_executescript():
    with connection.cursor() as cursor:
        cursor.executescript("CREATE TABLE scripted AS SELECT 42 AS n")
        assert ask(reader, "SELECT n FROM scripted") == [(42,)]
        cursor.executescript("DROP TABLE scripted")


def check_what_writing_refuses():
    update("CREATE TABLE kept (id INTEGER)")
    for statement in (
        "INSERT INTO traces SELECT * FROM traces",
        "DROP TABLE traces",
        "CREATE TABLE logs (x INTEGER)",
        "CREATE OR REPLACE TABLE traces (x INTEGER)",
        "UPDATE kept SET id = 1",
        "DELETE FROM kept",
        "TRUNCATE kept",
        "ALTER TABLE kept ADD COLUMN x INTEGER",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TEMP TABLE t (x INTEGER)",
        "CREATE TABLE t AS SELECT * FROM read_csv('/etc/passwd')",
        "INSERT INTO kept SELECT length(content) FROM read_text('/etc/passwd')",
        'CREATE TABLE "a/b" (x INTEGER)',
        'CREATE TABLE "x""; DROP TABLE kept; --" (x INTEGER)',
        "CREATE TABLE elsewhere.t (x INTEGER)",
        "CREATE TABLE t (x INTEGER); DROP TABLE kept",
        "INSERT INTO kept VALUES (1, 2)",
        "INSERT INTO kept (nope) VALUES (1)",
        "INSERT INTO kept VALUES ('x')",
        "INSERT INTO nothing VALUES (1)",
        "DROP TABLE nothing",
        "CREATE TABLE t (x NOSUCHTYPE)",
    ):
        refused(lambda: update(statement), kinds=("INVALID_ARGUMENT", "NOT_FOUND", "UNAUTHORIZED"))
    assert count("kept") == 0
    update("DROP TABLE kept")
    assert count("traces") == sum(facts["spans"]["default"].values())


def check_keys_in_metadata():
    update("CREATE TABLE keyed (a INTEGER, b VARCHAR, c DOUBLE, PRIMARY KEY (b, a))")
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = 'keyed' ORDER BY ordinal_position")
        assert cursor.fetchall() == [("a", "NO"), ("b", "NO"), ("c", "YES")]
    update("DROP TABLE keyed")


run_checks(globals())
connection.close()
reader.close()
