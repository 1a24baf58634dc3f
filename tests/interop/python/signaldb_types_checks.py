"""Every SQL type by expression, as ADBC and pyarrow see it; what has no Arrow type is refused by name."""
from datetime import date, datetime, time, timezone
from decimal import Decimal
from math import inf, isnan

import pyarrow as pa
from signaldb_common import ask, connect, refused, run_checks

connection = connect()
item = pa.int32()
moment = datetime(2026, 1, 2, 3, 4, 5, 123456)

expressions = {
    "true": (pa.bool_(), True),
    "(-128)::TINYINT": (pa.int8(), -128),
    "255::UTINYINT": (pa.uint8(), 255),
    "(-32768)::SMALLINT": (pa.int16(), -32768),
    "65535::USMALLINT": (pa.uint16(), 65535),
    "(-2147483648)::INTEGER": (pa.int32(), -(2**31)),
    "4294967295::UINTEGER": (pa.uint32(), 2**32 - 1),
    "(-9223372036854775808)::BIGINT": (pa.int64(), -(2**63)),
    "18446744073709551615::UBIGINT": (pa.uint64(), 2**64 - 1),
    "(-5)::HUGEINT": (pa.decimal128(38, 0), Decimal(-5)),
    "1.5::FLOAT": (pa.float32(), 1.5),
    "'-inf'::DOUBLE": (pa.float64(), -inf),
    "12.3::DECIMAL(4,1)": (pa.decimal128(4, 1), Decimal("12.3")),
    "-1234567.89::DECIMAL(9,2)": (pa.decimal128(9, 2), Decimal("-1234567.89")),
    "-12345678901234.5678::DECIMAL(18,4)": (pa.decimal128(18, 4), Decimal("-12345678901234.5678")),
    "1234567890123456789012345678.0123456789::DECIMAL(38,10)": (pa.decimal128(38, 10), Decimal("1234567890123456789012345678.0123456789")),
    "'ü€😀'": (pa.string(), "ü€😀"),
    "''": (pa.string(), ""),
    r"'\x00\xff'::BLOB": (pa.binary(), b"\x00\xff"),
    "DATE '0001-01-01'": (pa.date32(), date(1, 1, 1)),
    "DATE '9999-12-31'": (pa.date32(), date(9999, 12, 31)),
    "TIME '23:59:59.999999'": (pa.time64("us"), time(23, 59, 59, 999999)),
    "TIMESTAMP '2026-01-02 03:04:05.123456'": (pa.timestamp("us"), moment),
    "TIMESTAMP '1900-01-01 00:00:00'": (pa.timestamp("us"), datetime(1900, 1, 1)),
    "TIMESTAMP_S '2026-01-02 03:04:05'": (pa.timestamp("s"), moment.replace(microsecond=0)),
    "TIMESTAMP_MS '2026-01-02 03:04:05.123'": (pa.timestamp("ms"), moment.replace(microsecond=123000)),
    "TIMESTAMP_NS '2026-01-02 03:04:05.123456'": (pa.timestamp("ns"), moment),
    "TIMESTAMPTZ '2026-01-02 05:04:05.123456+02'": (pa.timestamp("us", "UTC"), moment.replace(tzinfo=timezone.utc)),
    "INTERVAL '1 year 2 months 3 days 04:05:06.789'": (pa.month_day_nano_interval(), pa.MonthDayNano([14, 3, 14_706_789_000_000])),
    "INTERVAL '-1 month'": (pa.month_day_nano_interval(), pa.MonthDayNano([-1, 0, 0])),
    "uuid '00000000-0000-0000-0000-000000000001'": (pa.string(), "00000000-0000-0000-0000-000000000001"),
    "'b'::ENUM('a','b')": (pa.dictionary(pa.uint8(), pa.string()), "b"),
    "[1,NULL,3]": (pa.list_(item), [1, None, 3]),
    "[]::INTEGER[]": (pa.list_(item), []),
    "[[1],[],NULL,[2,3]]": (pa.list_(pa.list_(item)), [[1], [], None, [2, 3]]),
    "array_value(1,2,3)": (pa.list_(item, 3), [1, 2, 3]),
    "[NULL,array_value(1,2)]": (pa.list_(pa.list_(item, 2)), [None, [1, 2]]),
    "{'a': 1, 'b': {'c': 'x', 'd': NULL}}": (
        pa.struct([("a", item), ("b", pa.struct([("c", pa.string()), ("d", item)]))]),
        {"a": 1, "b": {"c": "x", "d": None}},
    ),
    "[{'a': 1}, NULL, {'a': NULL}]": (pa.list_(pa.struct([("a", item)])), [{"a": 1}, None, {"a": None}]),
    "MAP {'k': 1, 'l': NULL}": (pa.map_(pa.string(), item), [("k", 1), ("l", None)]),
    "MAP {1: [MAP {'x': 1.5::DECIMAL(4,2)}]}": (
        pa.map_(item, pa.list_(pa.map_(pa.string(), pa.decimal128(4, 2)))),
        [(1, [[("x", Decimal("1.50"))]])],
    ),
    "union_value(num := 2)": (pa.sparse_union([pa.field("num", item)]), 2),
}
refusals = {
    "340282366920938463463374607431768211455::UHUGEINT": "UHUGEINT",
    "TIMETZ '10:00:00+02'": "TIME WITH TIME ZONE",
    "'101'::BIT": "BIT",
    "1::VARIANT": "VARIANT",
}


def plain(kind):
    """A type without the names of children that carry none (of lists, of maps)."""
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(plain(kind.value_type), kind.list_size)
    if pa.types.is_list(kind):
        return pa.list_(plain(kind.value_type))
    if pa.types.is_map(kind):
        return pa.map_(plain(kind.key_type), plain(kind.item_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, plain(field.type)) for field in kind])
    return kind


def fetch(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetch_arrow_table()


def check_each_type_by_itself():
    for expression, (kind, value) in expressions.items():
        column = fetch(f"SELECT {expression} AS v").column(0)
        assert plain(column.type) == kind, (expression, column.type)
        assert column.to_pylist() == [value], (expression, column.to_pylist())
    assert isnan(ask(connection, "SELECT 'nan'::DOUBLE")[0][0])


def check_each_type_among_nulls():
    for expression, (kind, value) in expressions.items():
        table = fetch(f"SELECT v FROM range(3000) r(i) LEFT JOIN (SELECT 1 AS k, {expression} AS v) ON i % 3 = k ORDER BY i")
        assert plain(table.column(0).type) == kind, (expression, table.column(0).type)
        assert table.column(0).to_pylist() == [None, value, None] * 1000, expression


def check_all_types_in_one_row_and_in_none():
    statement = "SELECT " + ", ".join(f"{expression} AS c{i}" for i, expression in enumerate(expressions))
    (row,) = fetch(statement).to_pylist()
    assert list(row.values()) == [value for _, value in expressions.values()]
    empty = fetch(f"SELECT * FROM ({statement}) WHERE false")
    assert empty.num_rows == 0 and [plain(field.type) for field in empty.schema] == [kind for kind, _ in expressions.values()]


def check_what_has_no_arrow_type():
    for expression, name in refusals.items():
        refused(lambda: ask(connection, f"SELECT {expression}"), name)


def check_parameters_of_each_type():
    for value in (True, 7, -(2**40), 1.5, "x", b"\x00\xff", date(2026, 1, 2), moment, Decimal("12.30"), None):
        ((answer,),) = ask(connection, "SELECT ?", (value,))
        assert answer == value and (value is None or type(answer) is type(value)), (value, answer)
    for column, kind in (
        (pa.array([Decimal("12.30")]), "DECIMAL(4,2)"),
        (pa.array(["red"]).dictionary_encode(), "VARCHAR"),
        (pa.array(["red"], pa.large_string()), "VARCHAR"),
        (pa.array([[1, None]]), "BIGINT[]"),
        (pa.array([{"a": 1, "b": "x"}]), "STRUCT(a BIGINT, b VARCHAR)"),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), "MAP(VARCHAR, BIGINT)"),
        (pa.array([pa.MonthDayNano([14, 3, 5000])]), "INTERVAL"),
        (pa.array([time(23, 59, 59, 999999)]), "TIME"),
        (pa.array([moment], pa.timestamp("ns")), "TIMESTAMP_NS"),
    ):
        ((answer, name),) = ask(connection, "SELECT v, typeof(v) FROM (SELECT ? AS v)", pa.record_batch([column], ["v"]))
        assert (answer, name) == (column.to_pylist()[0], kind), (answer, name, column)
    aware = moment.replace(tzinfo=timezone.utc)
    assert ask(connection, "SELECT ? = TIMESTAMPTZ '2026-01-02 03:04:05.123456+00'", (aware,)) == [(True,)]
    rows = pa.record_batch({"a": pa.array([1, None, 3]), "b": ["x", "y", None]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT ?::BIGINT AS a, ?::VARCHAR AS b", rows)
        assert cursor.fetch_arrow_table().to_pylist() == rows.to_pylist()


run_checks(globals())
connection.close()
