"""Arrow IPC streams by pyarrow and its friends: `ipc_streams.py write [all]` prints streams of every type with what they mean,
`ipc_streams.py read FILE` prints what it understands of the streams in a JSON array."""
import base64
import decimal
import json
import sys

import pyarrow as pa
from plain_values import plain

D = decimal.Decimal
words = ["", "a", "zé", "☃", "😀", "exactly12byt", "thirteenbytes", "longer than twelve bytes, and so on"]
small = [0, 1, 2, 100, 7, 127, 3, 5]
shares = {"no nulls": lambda i: False, "some nulls": lambda i: i % 3 == 1, "all null": lambda i: True}


def stored(type_, values):
    """An array of a type that is stored as an integer."""
    return pa.array(values, pa.int32() if type_.bit_width == 32 else pa.int64()).view(type_)


def signed(bits):
    return [0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), 5, 6, 7]


def with_nulls(values, null):
    return [None if null(i) else value for i, value in enumerate(values)]


def leaves():
    for bits in (8, 16, 32, 64):
        yield getattr(pa, f"int{bits}")(), signed(bits)
        yield getattr(pa, f"uint{bits}")(), [0, 1, 2, 2**bits - 1, 2 ** (bits - 1), 5, 6, 7]
    for type_ in (pa.float16(), pa.float32(), pa.float64()):
        yield type_, [0.0, -0.0, 1.5, -2.25, float("inf"), float("-inf"), float("nan"), 1024.0]
    for type_ in (pa.string(), pa.large_string(), pa.string_view()):
        yield type_, words
    for type_ in (pa.binary(), pa.large_binary(), pa.binary_view()):
        yield type_, [word.encode() + b"\xff" for word in words]
    yield pa.binary(3), [b"abc", b"\0\0\0", b"\xff\xff\xff", b"ghi", b"jkl", b"mno", b"pqr", b"stu"]
    yield pa.binary(0), [b""] * 8
    yield pa.bool_(), [True, False, True, True, False, False, True, False]
    decimals = [D("1.23"), D("-99.99"), D("0.01"), D("0"), D("-0.01"), D("12345.67"), D("-1"), D("9999999.99")]
    for type_ in (pa.decimal32(9, 2), pa.decimal64(18, 2), pa.decimal128(38, 2), pa.decimal256(76, 2)):
        yield type_, decimals
    yield pa.decimal128(5, -2), [D("100"), D("-200"), D("0"), D("300"), D("400"), D("500"), D("600"), D("700")]
    yield pa.month_day_nano_interval(), [pa.MonthDayNano([i, -i, i * 10**12]) for i in range(8)]


def stored_types():
    yield from (pa.date32(), pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))
    for unit in ("s", "ms", "us", "ns"):
        yield from (pa.timestamp(unit), pa.timestamp(unit, "UTC"), pa.timestamp(unit, "Europe/Berlin"), pa.timestamp(unit, "+05:30"), pa.duration(unit))


def nested():
    yield pa.list_(pa.string()), [[word, None] for word in words]
    yield pa.large_list(pa.int64()), [[i] * (i % 4) for i in range(8)]
    yield pa.list_(pa.int16(), 3), [[i, None, -i] for i in range(8)]
    yield pa.list_(pa.int16(), 0), [[]] * 8
    yield pa.list_(pa.list_(pa.list_(pa.bool_()))), [[[[True], None, []]], [], [[]]] + [[[[False] * i]] for i in range(5)]
    yield pa.struct([("x", pa.int32()), ("y", pa.struct([("z", pa.string_view())]))]), [{"x": i, "y": {"z": words[i]}} for i in range(8)]
    yield pa.struct([]), [{}] * 8
    yield pa.map_(pa.string(), pa.list_(pa.int32())), [[(words[i], [i])] * (i % 3) for i in range(8)]
    yield pa.map_(pa.int32(), pa.timestamp("us", "UTC"), keys_sorted=True), [[(i, i * 10**6)] for i in range(8)]


def words_of(indices, type_=pa.int32(), values=words, ordered=False):
    return pa.DictionaryArray.from_arrays(pa.array(indices, type_), values if isinstance(values, pa.Array) else pa.array(values), ordered=ordered)


def columns(null):
    for type_, values in [*leaves(), *nested()]:
        yield str(type_), pa.array(with_nulls(values, null), type_)
    for type_ in stored_types():
        yield str(type_), stored(type_, with_nulls(small, null))
    yield "date64", stored(pa.date64(), with_nulls([day * 86_400_000 for day in small], null))
    yield "null", pa.nulls(8)
    indices = with_nulls([0, 1, 2, 3, 4, 5, 6, 7], null)
    for type_ in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()):
        yield f"dictionary of {type_}", words_of(indices, type_)
    for values in (pa.array(small, pa.int64()), pa.array([1.5] * 8), pa.array(words, pa.large_string()), pa.array(words, pa.string_view()), pa.array([[1]] * 8), stored(pa.timestamp("ns", "UTC"), small), pa.array([None, *words[1:]])):
        yield f"dictionary of {values.type}, {values.null_count} nulls", words_of(indices, values=values, ordered=True)
    inner = words_of([7, 6, 5, 4, 3, 2, 1, 0])
    yield "dictionary of lists of dictionary", words_of(indices, values=pa.ListArray.from_arrays(range(9), inner))
    yield "dictionary of structs of dictionary", words_of(indices, values=pa.StructArray.from_arrays([inner, inner], ["a", "b"]))
    yield "list of dictionary", pa.ListArray.from_arrays(pa.array(with_nulls(list(range(8)), null)[:8] + [8], pa.int32()), inner)
    yield "struct of dictionaries", pa.StructArray.from_arrays([words_of(indices), words_of(indices, pa.int8())], ["d", "e"])
    codes = pa.array([3, 5] * 4, pa.int8())
    members = [pa.array(with_nulls(small, null), pa.int32()), pa.array(with_nulls(words, null), pa.string())]
    yield "sparse union", pa.UnionArray.from_sparse(codes, members, ["i", "s"], [3, 5])
    yield "dense union", pa.UnionArray.from_dense(codes, pa.array([0, 0, 1, 1, 2, 2, 3, 3], pa.int32()), members, ["i", "s"], [3, 5])
    yield "sparse union of dense union", pa.UnionArray.from_sparse(pa.array([0] * 8, pa.int8()), [pa.UnionArray.from_dense(codes, pa.array(range(8), pa.int32()), members, ["i", "s"], [3, 5])])
    uuid = pa.array(with_nulls([bytes([i] * 16) for i in range(8)], null), pa.binary(16))
    yield "uuid", pa.ExtensionArray.from_storage(pa.uuid(), uuid)
    yield "json", pa.ExtensionArray.from_storage(pa.json_(), pa.array(with_nulls(['{"a": 1}'] * 8, null), pa.string()))
    yield "bool8", pa.ExtensionArray.from_storage(pa.bool8(), pa.array(with_nulls([1, 0] * 4, null), pa.int8()))
    yield "opaque", pa.ExtensionArray.from_storage(pa.opaque(pa.binary(), "point", "postgis"), pa.array(with_nulls([b"p"] * 8, null), pa.binary()))
    tensor = pa.fixed_shape_tensor(pa.float32(), [2, 2])
    yield "tensor", pa.ExtensionArray.from_storage(tensor, pa.array(with_nulls([[1.0, 2.0, 3.0, 4.0]] * 8, null), pa.list_(pa.float32(), 4)))


def refused():
    yield "type run-end encoded", pa.RunEndEncodedArray.from_arrays(pa.array([2, 4], pa.int32()), pa.array(["a", "b"]))
    yield "type list view", pa.array([[1], [2]], pa.list_view(pa.int32()))
    yield "type large list view", pa.array([[1], [2]], pa.large_list_view(pa.int32()))
    yield "type run-end encoded", pa.StructArray.from_arrays([pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int16()), pa.array([1]))], ["r"])


def write(batches, schema=None, metadata=None, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema or batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch, custom_metadata=metadata)
    return base64.b64encode(sink.getvalue().to_pybytes()).decode()


def case(name, batches, schema=None, **options):
    schema = schema or batches[0].schema
    values = [[value for batch in batches for value in plain(batch.column(i))] for i in range(len(schema))]
    return dict(name=name, stream=write(batches, schema, **options), columns=values)


forms = {
    "": {},
    ", LZ4": dict(compression="lz4"),
    ", ZSTD": dict(compression="zstd"),
    ", V4": dict(metadata_version=pa.ipc.MetadataVersion.V4),
    ", legacy framing": dict(use_legacy_format=True),
}


def type_cases(every):
    turn = 0
    for share, null in shares.items():
        for name, array in columns(null):
            turn += 1
            for form, (suffix, options) in enumerate(forms.items()):
                if ("union" in name and suffix == ", V4") or not (every or form == turn % len(forms)):
                    continue
                batches = [pa.record_batch([part], ["c"]) for part in (array, array.slice(3, 4), array.slice(2, 0), array)]
                yield case(f"{name}, {share}{suffix}", batches, **options)


def special_cases():
    def batch(indices, values):
        return pa.record_batch([words_of(indices, values=values)], ["c"])

    yield case("a dictionary replaced", [batch([0, 1], ["a", "b"]), batch([1, 0], ["x", "y"]), batch([2], ["x", "y", "z"])])
    yield case("a dictionary's deltas", [batch([0, 1], ["a", "b"]), batch([2, 0], ["a", "b", "c"]), batch([3], ["a", "b", "c", "d"])], emit_dictionary_deltas=True)
    yield case("one dictionary for chunks", [batch([0, 1], ["a", "b"]), batch([0, 1], ["b", "c"])], unify_dictionaries=False)
    nested = [pa.record_batch([words_of([0], values=pa.ListArray.from_arrays([0, 1], words_of([0], values=values)))], ["c"]) for values in (["a"], ["b"])]
    yield case("a nested dictionary replaced", nested)
    yield case("no batches", [], schema=pa.schema([("c", pa.string())]))
    yield case("no columns", [pa.record_batch([], [])])
    yield case("one name twice", [pa.record_batch([pa.array([1]), pa.array(["x"])], ["a", "a"])])
    field = pa.field("a", pa.int32(), nullable=False, metadata={"k": "v", "zé": "☃"})
    described = pa.schema([field], metadata={"m": "n", "ü": "ä"})
    with_metadata = case("metadata everywhere", [pa.record_batch([pa.array([1], pa.int32())], schema=described)], metadata={"of": "the batch"})
    yield with_metadata | dict(metadata={"m": "n", "ü": "ä"})
    wide = pa.record_batch([pa.array([i]) for i in range(3000)], [f"column {i}" for i in range(3000)])
    yield case("3000 columns", [wide])
    long = pa.record_batch([pa.array([("ab" * (i % 50)) + str(i) for i in range(4000)])], ["c"])
    for codec in ("lz4", "zstd"):  # several blocks
        yield case(f"4000 texts, {codec}", [long], compression=codec)
    deep = pa.array([1], pa.int8())
    for _ in range(60):
        deep = pa.ListArray.from_arrays([0, 1], deep)
    yield case("60 levels", [pa.record_batch([deep], ["c"])])


def friends():
    """What pandas, polars and DuckDB hand to pyarrow."""
    import duckdb
    import pandas
    import polars

    frame = pandas.DataFrame(
        {
            "i": pandas.array([1, None, 3], "Int64"),
            "f": [1.5, None, 2.5],
            "text": ["a", None, "longer than twelve bytes"],
            "category": pandas.Categorical(["x", "y", "x"]),
            "when": pandas.to_datetime(["2024-01-01", None, "2025-06-01"]).tz_localize("Europe/Berlin"),
            "took": pandas.to_timedelta(["1s", None, "2h"]),
        },
        index=pandas.Index(["p", "q", "r"], name="key"),
    )
    yield case("pandas", pa.Table.from_pandas(frame).to_batches())
    columns = {"s": words, "c": ["a", "b"] * 4, "l": [[1, None]] * 8, "b": [b"\xff"] * 8}
    table = polars.DataFrame(columns).with_columns(polars.col("c").cast(polars.Categorical))
    yield case("polars", table.to_arrow(compat_level=polars.CompatLevel.newest()).to_batches())
    yield case("polars, rechunked for old readers", table.to_arrow(compat_level=polars.CompatLevel.oldest()).to_batches())
    for codec in ("uncompressed", "lz4", "zstd"):  # written by polars' own code
        sink = pa.BufferOutputStream()
        table.write_ipc_stream(sink, compression=codec, compat_level=polars.CompatLevel.newest())
        meant = table.to_arrow(compat_level=polars.CompatLevel.newest())
        yield dict(
            name=f"polars' own, {codec}",
            stream=base64.b64encode(sink.getvalue().to_pybytes()).decode(),
            columns=[plain(column) for column in meant.columns],
        )
    database = duckdb.connect()
    database.execute("SET produce_arrow_string_view = true; SET arrow_output_version = '1.4'")
    query = """SELECT i, i::VARCHAR || ' longer than twelve bytes' AS t, i::DECIMAL(20, 3) AS d, [i, NULL] AS l, {'a': i} AS s, MAP {i: 'x'} AS m,
        i::HUGEINT AS h, uuid() AS u, INTERVAL (i) DAY AS v, (i % 2 = 0)::BOOLEAN AS b, TIMESTAMPTZ '2024-01-01 00:00:00+00' AS z, 'a'::ENUM('a', 'b') AS e, i::BLOB AS o
        FROM (SELECT unnest(range(5))::VARCHAR AS t, unnest(range(5)) AS i)""".replace("i::BLOB", "t::BLOB")
    yield case("DuckDB", [batch for batch in database.execute(query).to_arrow_table().to_batches()])


def write_all(every):
    yield from type_cases(every)
    for name, array in refused():
        yield dict(name=f"{array.type}", stream=write([pa.record_batch([array], ["c"])]), refused=name)
    yield from special_cases()
    if every:
        yield from friends()


def read(stream):
    try:
        with pa.ipc.open_stream(base64.b64decode(stream)) as reader:
            table = reader.read_all()
        table.validate(full=True)
        metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        return dict(columns=[plain(column) for column in table.columns], metadata=metadata)
    except Exception as error:  # noqa: BLE001
        return dict(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    result = list(write_all("all" in sys.argv)) if sys.argv[1] == "write" else [read(stream) for stream in json.load(open(sys.argv[2]))]
    print(json.dumps(result))
