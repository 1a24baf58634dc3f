"""Every Arrow type into a user's table, by each door; read by SQL before and after the commit, and by PyIceberg. Called with the router's port and the catalog's."""
import base64
import json
import math
import sys
import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal as D

import adbc_driver_flightsql.dbapi as dbapi
import pyarrow as pa
import pyarrow.flight as flight
from pyiceberg.catalog import load_catalog

router, catalog_port = sys.argv[1:]
uri = f"grpc://127.0.0.1:{router}"
committed = {"x-signaldb-durability": "iceberg_committed"}

ids = [bytes(range(16)), None, b"\xff" * 16]
# Of each column: its array, and what other engines find in the table where that isn't the values themselves.
plain = {
    "i8": pa.array([-128, None, 127], pa.int8()),
    "i16": pa.array([-(2**15), None, 2**15 - 1], pa.int16()),
    "i32": pa.array([-(2**31), None, 2**31 - 1], pa.int32()),
    "i64": pa.array([-(2**63), None, 2**63 - 1], pa.int64()),
    "u8": pa.array([255, None, 0], pa.uint8()),
    "u16": pa.array([2**16 - 1, None, 0], pa.uint16()),
    "u32": pa.array([2**32 - 1, None, 0], pa.uint32()),
    "f16": pa.array([1.5, None, float("-inf")], pa.float16()),
    "f32": pa.array([1.5, None, float("nan")], pa.float32()),
    "f64": pa.array([1e300, None, -0.0], pa.float64()),
    "d5": pa.array([D("1.25"), None, D("-999.99")], pa.decimal128(5, 2)),
    "d18": pa.array([D("1234567890123456.78"), None, D("-1.00")], pa.decimal128(18, 2)),
    "d38": pa.array([D("12345678901234567890123456789012345678"), None, D("-1")], pa.decimal128(38, 0)),
    "d256": pa.array([D("123456789012345678901234.5"), None, D("-1.0")], pa.decimal256(30, 1)),
    "bool": pa.array([True, None, False]),
    "text": pa.array(["ü€😀", None, ""]),
    "large text": pa.array(["large", None, ""], pa.large_string()),
    "text view": pa.array(["short", None, "a text of more than twelve bytes"], pa.string_view()),
    "bytes": pa.array([b"\x00\xff", None, b""]),
    "large.bytes": pa.array([b"x", None, b""], pa.large_binary()),
    "bytes view": pa.array([b"short", None, b"bytes that are more than twelve"], pa.binary_view()),
    "fixed": pa.array([b"abc", None, b"\x00\x00\x00"], pa.binary(3)),
    "date": pa.array([date(1969, 12, 31), None, date(9999, 12, 31)]),
    "date64": pa.array([date(1969, 12, 31), None, date(2024, 2, 29)], pa.date64()),
    "time s": pa.array([time(23, 59, 59), None, time(0)], pa.time32("s")),
    "time ms": pa.array([time(23, 59, 59, 999000), None, time(0)], pa.time32("ms")),
    "time us": pa.array([time(23, 59, 59, 999999), None, time(0)], pa.time64("us")),
    "ts s": pa.array([datetime(1900, 1, 1), None, datetime(2026, 1, 1)], pa.timestamp("s")),
    "ts ms": pa.array([datetime(1900, 1, 1, 0, 0, 0, 1000), None, datetime(2026, 1, 1)], pa.timestamp("ms")),
    "ts us": pa.array([datetime(1900, 1, 1, 0, 0, 0, 1), None, datetime(2026, 1, 1)], pa.timestamp("us")),
    "dictionary": pa.array(["red", None, "red"]).dictionary_encode(),
    "dictionary of numbers": pa.array([5, None, 6], pa.int64()).dictionary_encode(),
    "list": pa.array([[1, None], None, []], pa.list_(pa.int8())),
    "large list": pa.array([["a", None], None, []], pa.large_list(pa.string())),
    "array": pa.array([[1, 2], None, [3, None]], pa.list_(pa.uint16(), 2)),
    "struct": pa.array([{"a": 1, "b c": "x"}, None, {"a": None, "b c": None}], pa.struct([("a", pa.uint32()), ("b c", pa.string())])),
    "map": pa.array([[("k", 1), ("l", None)], None, []], pa.map_(pa.string(), pa.int64())),
    "lists": pa.array([[[1], [], None], None, []], pa.list_(pa.list_(pa.int32()))),
}
stored = {
    "u64": (pa.array([2**64 - 1, None, 0], pa.uint64()), [D(2**64 - 1), None, D(0)]),
    "time ns": (pa.array([86_399_999_999_999, None, 1], pa.time64("ns")), [86_399_999_999_999, None, 1]),
    "ts ns": (pa.array([-1, None, 1_700_000_000_000_000_001], pa.timestamp("ns")), [-1, None, 1_700_000_000_000_000_001]),
    "tz us": (pa.array([-1, None, 1], pa.timestamp("us", "Europe/Berlin")), None),
    "tz ns": (pa.array([-1000, None, 1_700_000_000_000_001_000], pa.timestamp("ns", "UTC")), None),
    "duration s": (pa.array([timedelta(seconds=-5), None, timedelta(days=1)], pa.duration("s")), [-5_000_000, None, 86_400_000_000]),
    "duration us": (pa.array([timedelta(microseconds=-5), None, timedelta(0)], pa.duration("us")), [-5, None, 0]),
    "interval": (
        pa.array([pa.MonthDayNano([14, 3, 5000]), None, pa.MonthDayNano([-1, -2, -3000])]),
        [{"months": 14, "days": 3, "microseconds": 5}, None, {"months": -1, "days": -2, "microseconds": -3}],
    ),
    "uuid": (pa.ExtensionArray.from_storage(pa.uuid(), pa.array(ids, pa.binary(16))), [value and uuid.UUID(bytes=value) for value in ids]),
}
arrays = {"id": pa.array([0, 1, 2], pa.int32()), **plain, **{name: array for name, (array, _) in stored.items()}}
table = pa.table(arrays)


def normal(value):
    """Values in one form, whichever type they came in."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else (value, math.copysign(1, value))
    if isinstance(value, pa.MonthDayNano):
        return ("interval", *value)
    if isinstance(value, timedelta):
        return ("interval", 0, 0, (value.days * 86_400 + value.seconds) * 10**9 + value.microseconds * 1000)
    if isinstance(value, datetime) and value.tzinfo:
        return value.timestamp()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [normal(item) for item in value]
    return value


def values(column):
    """A column's values; nanoseconds, which Python has no type for, as the numbers that they are."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks])
        return [value and str(uuid.UUID(bytes=value)) for value in column.to_pylist()]
    if pa.types.is_time64(column.type) or pa.types.is_timestamp(column.type):
        nanos = {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}[column.type.unit]
        return [value if value is None else value * nanos for value in column.cast(pa.int64()).to_pylist()]
    if pa.types.is_time32(column.type):
        return values(column.cast(pa.time64("us")))
    return normal(column.to_pylist())


def compare(found, label):
    wrong = {name: (values(table[name]), values(found[name])) for name in table.column_names if values(table[name]) != values(found[name])}
    assert not wrong, (label, wrong)
    kinds = {name: (table[name].type, found[name].type) for name in ("i8", "u16", "u64", "ts s", "ts ns", "time ns", "array", "map")}
    assert all(pa.types.is_map(was) or was.id == now.id for was, now in kinds.values()), (label, kinds)


connection = dbapi.connect(uri, autocommit=True)
client = flight.connect(uri)
catalog = load_catalog("signaldb", type="rest", uri=f"http://127.0.0.1:{catalog_port}")


def read(name):
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{name}" ORDER BY id')
        return cursor.fetch_arrow_table()


def by_ingest(name):
    with connection.cursor() as cursor:
        assert cursor.adbc_ingest(name, table, mode="create") == 3


def make(name):
    request = {"name": name, "primary_key": ["id"], "schema_ipc": base64.b64encode(table.schema.serialize().to_pybytes()).decode()}
    list(client.do_action(flight.Action("CreateTable", json.dumps(request).encode())))


def by_put(name):
    make(name)
    writer, reader = client.do_put(flight.FlightDescriptor.for_path(name), table.schema)
    writer.write_table(table)
    writer.done_writing()
    while reader.read() is not None:
        pass
    writer.close()


def by_exchange(name):
    make(name)
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_path(name))
    with writer:
        writer.begin(table.schema)
        request = {"table_name": name, "requested_durability": "iceberg_committed"}
        writer.write_with_metadata(table.to_batches()[0], json.dumps(request).encode())
        writer.done_writing()
        levels = [json.loads(chunk.app_metadata.to_pybytes())["durability_level"] for chunk in reader]
    assert levels == ["memory", "disk", "object_storage", "iceberg_committed"], levels


def commit(name):
    """A further row, whose acknowledgement says that all before it is committed, too."""
    options = {"adbc.flight.sql.rpc.call_header." + header: value for header, value in committed.items()}
    with dbapi.connect(uri, autocommit=True, db_kwargs=options) as other, other.cursor() as cursor:
        assert cursor.adbc_ingest(name, pa.table({"id": pa.array([9], pa.int32())}), mode="append") == 1


def by_pyiceberg(name):
    found = catalog.load_table(f"default.{name}").scan().to_arrow().sort_by("id").slice(0, 3)
    for column, array in plain.items():
        assert values(pa.chunked_array([array])) == values(found[column]), (column, found[column])
    for column, (array, other) in stored.items():
        expected = values(pa.chunked_array([array])) if other is None else [normal(value) for value in other]
        assert expected == values(found[column]), (column, expected, found[column])


done = {}
for door, write in {"ingest": by_ingest, "DoPut": by_put, "DoExchange": by_exchange}.items():
    name = f"Types_{door}"
    write(name)
    compare(read(name), f"{door}, hot")
    commit(name)
    compare(read(name).slice(0, 3), f"{door}, committed")
    by_pyiceberg(name)
    done[door] = f"{len(arrays)} columns, the same before and after the commit, and for PyIceberg"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE "{name}"')
connection.close()
print(json.dumps(done))
