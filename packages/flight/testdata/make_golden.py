"""Writes golden.json: IPC streams as pyarrow writes them, with the values that they mean. Run with pyarrow 26."""
import base64, datetime as dt, decimal, json, sys
import pyarrow as pa

D = decimal.Decimal
nulls = [None] * 4
ints = [1, None, 3, 100]


def text(value):
    return str(value) if value is not None else None


def column(array, values):
    return array, values


def fixed(type_, raw):
    """An array of a type that is stored as an integer."""
    width = pa.int32() if type_.bit_width == 32 else pa.int64()
    return column(pa.array(raw, width).cast(type_) if not pa.types.is_date(type_) else pa.array(raw, width).view(type_), raw)


cases = {
    "null": column(pa.array(nulls, pa.null()), nulls),
    "bool": column(pa.array([True, None, False, True]), [True, None, False, True]),
    "utf8": column(pa.array(["a", None, "", "zé☃😀"]), ["a", None, "", "zé☃😀"]),
    "large_utf8": column(pa.array(["a", None, "", "zé☃😀"], pa.large_utf8()), ["a", None, "", "zé☃😀"]),
    "utf8_view": column(
        pa.array(["a", None, "longer than twelve bytes", "é" * 13], pa.string_view()),
        ["a", None, "longer than twelve bytes", "é" * 13],
    ),
    "binary": column(pa.array([b"\xff", None, b"", b"abc"]), ["ff", None, "", "616263"]),
    "large_binary": column(pa.array([b"\xff", None, b"", b"abc"], pa.large_binary()), ["ff", None, "", "616263"]),
    "fixed_size_binary": column(pa.array([b"abc", None, b"\0\0\0", b"ghi"], pa.binary(3)), ["616263", None, "000000", "676869"]),
    "float16": column(pa.array([1.5, None, 2.5, -3], pa.float16()), [1.5, None, 2.5, -3.0]),
    "float32": column(pa.array([1.5, None, 2.5, -3], pa.float32()), [1.5, None, 2.5, -3.0]),
    "float64": column(pa.array([1.1, None, 2.5, -3], pa.float64()), [1.1, None, 2.5, -3.0]),
    "list": column(pa.array([[1, 2], None, [], [3, None]], pa.list_(pa.int32())), [[1, 2], None, [], [3, None]]),
    "large_list": column(pa.array([[1, 2], None, [], [3, None]], pa.large_list(pa.int32())), [[1, 2], None, [], [3, None]]),
    "fixed_size_list": column(pa.array([[1, 2], None, [5, 6], [3, None]], pa.list_(pa.int32(), 2)), [[1, 2], None, [5, 6], [3, None]]),
    "nested_list": column(pa.array([[["a"], None], None, [], [["b", "c"]]]), [[["a"], None], None, [], [["b", "c"]]]),
    "struct": column(
        pa.array([{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 3, "y": None}], pa.struct([("x", pa.int32()), ("y", pa.string())])),
        [{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 3, "y": None}],
    ),
    "map": column(
        pa.array([[("k", 1)], None, [], [("a", None), ("b", 2)]], pa.map_(pa.string(), pa.int32())),
        [{"k": 1}, None, {}, {"a": None, "b": 2}],
    ),
    "dictionary": column(pa.array(["a", None, "b", "a"]).dictionary_encode(), ["a", None, "b", "a"]),
    "dictionary_of_int8": column(
        pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 0], pa.int8()), pa.array(["p", "q"])), ["p", None, "q", "p"]
    ),
    "list_of_dictionary": column(
        pa.ListArray.from_arrays([0, 1, 1, 2, 3], pa.array(["a", "b", "a"]).dictionary_encode()), [["a"], [], ["b"], ["a"]]
    ),
    "sparse_union": column(
        pa.UnionArray.from_sparse(pa.array([0, 1, 0, 1], pa.int8()), [pa.array([1, 2, 3, 4], pa.int32()), pa.array(["a", "b", "c", "d"])]),
        [1, "b", 3, "d"],
    ),
    "dense_union": column(
        pa.UnionArray.from_dense(pa.array([0, 1, 0, 1], pa.int8()), pa.array([0, 0, 1, 1], pa.int32()), [pa.array([1, 2], pa.int32()), pa.array(["a", "b"])]),
        [1, "a", 2, "b"],
    ),
    "month_day_nano": column(pa.array([pa.MonthDayNano([1, 2, 3]), None, pa.MonthDayNano([-1, 2, -3]), pa.MonthDayNano([0, 0, 0])]), [[1, 2, 3, 0], None, [-1, 2, -3, -1], [0, 0, 0, 0]]),
}
for type_ in [pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32()]:
    cases[str(type_)] = column(pa.array(ints, type_), ints)
for type_ in [pa.int64(), pa.uint64()]:
    large = [2**63 - 1, None, 3, 0]
    cases[str(type_)] = column(pa.array(large, type_), [text(value) for value in large])
for bits, type_ in [(32, pa.decimal32(9, 2)), (64, pa.decimal64(18, 2)), (128, pa.decimal128(38, 2)), (256, pa.decimal256(76, 2))]:
    cases[f"decimal{bits}"] = column(pa.array([D("1.23"), None, D("-99.99"), D("0.01")], type_), ["123", None, "-9999", "1"])
for type_ in [pa.time32("s"), pa.time32("ms"), pa.date32()]:
    cases[str(type_)] = fixed(type_, ints)
for type_ in [pa.time64("us"), pa.time64("ns"), *(pa.timestamp(u) for u in ("s", "ms", "us", "ns")), pa.timestamp("us", "Europe/Berlin"), *(pa.duration(u) for u in ("s", "ms", "us", "ns"))]:
    array, raw = fixed(type_, ints)
    cases[str(type_)] = column(array, [text(value) for value in raw])
cases["date64"] = column(pa.array([86_400_000, None, -86_400_000, 0], pa.int64()).view(pa.date64()), ["86400000", None, "-86400000", "0"])


def stream(batches, options=None):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return base64.b64encode(sink.getvalue().to_pybytes()).decode()


def variants(name, array, values):
    """Nulls nowhere, everywhere and here and there, nothing, a slice; each compression; the older metadata."""
    batches = [pa.record_batch([part], ["c"]) for part in (array, array.slice(1, 2), array.slice(0, 0), array)]
    expected = values + values[1:3] + values
    yield name, stream(batches), expected
    for codec in ("lz4", "zstd"):
        yield f"{name}, {codec}", stream(batches, pa.ipc.IpcWriteOptions(compression=codec)), expected
    if "union" not in name:
        yield f"{name}, V4", stream(batches, pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4)), expected


golden = [dict(name=n, stream=s, values=v) for name, (array, values) in cases.items() for n, s, v in variants(name, array, values)]


def words(indices, dictionary):
    return pa.record_batch([pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(dictionary))], ["c"])


golden.append(dict(name="a dictionary replaced", stream=stream([words([0, 1], ["a", "b"]), words([1, 0], ["x", "y"])]), values=["a", "b", "y", "x"]))
golden.append(dict(name="a dictionary's delta", stream=stream([words([0, 1], ["a", "b"]), words([2, 0], ["a", "b", "c"])], pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)), values=["a", "b", "c", "a"]))
long = [("ab" * (i % 50)) + str(i) for i in range(4000)]
for codec in ("lz4", "zstd"):
    # The values are long enough for several LZ4 blocks; the test makes them by the same rule.
    golden.append(dict(name=f"4000 texts, {codec}", stream=stream([pa.record_batch([pa.array(long)], ["c"])], pa.ipc.IpcWriteOptions(compression=codec)), texts=len(long)))

refused = {
    "run-end encoded": pa.RunEndEncodedArray.from_arrays(pa.array([2, 4], pa.int32()), pa.array(["a", "b"])),
    "list view": pa.array([[1], [2]], pa.list_view(pa.int32())),
    "large list view": pa.array([[1], [2]], pa.large_list_view(pa.int32())),
}
json.dump(
    dict(golden=golden, refused=[dict(name=n, stream=stream([pa.record_batch([a], ["c"])])) for n, a in refused.items()]),
    open(sys.argv[1], "w"), ensure_ascii=False, indent=0,
)
