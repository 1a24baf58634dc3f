"""pyarrow.flight against the server of the suite: python pyarrow_checks.py PORT. Fails by an exception."""
import datetime as dt
import decimal
import json
import sys
import threading
import time

import pyarrow as pa
import pyarrow.compute
import pyarrow.flight as fl

location = f"grpc://127.0.0.1:{sys.argv[1]}"
client = fl.connect(location)
D = decimal.Decimal
counts = {}


def columns():
    ints = [1, None, 3, 100]
    yield "null", pa.array([None] * 4, pa.null())
    yield "bool", pa.array([True, None, False, True])
    for type_ in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()):
        yield str(type_), pa.array(ints, type_)
    for type_ in (pa.float16(), pa.float32(), pa.float64()):
        yield str(type_), pa.array([1.5, None, 2.5, 3], type_)
    for type_ in (pa.string(), pa.large_string(), pa.string_view()):
        yield str(type_), pa.array(["a", None, "", "longer than twelve bytes ☃😀"], type_)
    for type_ in (pa.binary(), pa.large_binary(), pa.binary_view()):
        yield str(type_), pa.array([b"\xff", None, b"", b"longer than twelve bytes"], type_)
    yield "fixed", pa.array([b"abc", None, b"def", b"ghi"], pa.binary(3))
    for type_ in (pa.decimal32(9, 2), pa.decimal64(18, 2), pa.decimal128(10, 2), pa.decimal256(50, 2)):
        yield str(type_), pa.array([D("1.23"), None, D("-99.99"), D("0.01")], type_)
    for type_ in (pa.date32(), pa.date64()):
        yield str(type_), pa.array([dt.date(2020, 1, 1), None, dt.date(1960, 1, 1), dt.date(2100, 1, 1)], type_)
    for type_ in (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")):
        yield str(type_), pa.array(ints, type_)
    for unit in ("s", "ms", "us", "ns"):
        for type_ in (pa.timestamp(unit), pa.timestamp(unit, "UTC"), pa.timestamp(unit, "Europe/Berlin"), pa.duration(unit)):
            yield str(type_), pa.array([1, None, -3, 100], type_)
    yield "interval", pa.array([pa.MonthDayNano([1, 2, 3]), None, pa.MonthDayNano([-1, 2, -3]), pa.MonthDayNano([0, 0, 0])])
    for type_ in (pa.list_(pa.int32()), pa.large_list(pa.int32())):
        yield str(type_), pa.array([[1, 2], None, [], [3, None]], type_)
    yield "list of lists", pa.array([[["a"], None], None, [], [["b", "c"]]])
    yield "fixed list", pa.array([[1, 2], None, [5, 6], [3, None]], pa.list_(pa.int32(), 2))
    yield "struct", pa.array([{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 3, "y": None}])
    yield "map", pa.array([[("k", 1)], None, [], [("a", None), ("b", 2)]], pa.map_(pa.string(), pa.int64()))
    words = pa.array(["a", None, "b", "a"]).dictionary_encode()
    yield "dictionary", words
    yield "dictionary of int8", pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 0], pa.int8()), pa.array(["p", "q"]), ordered=True)
    yield "dictionary of int64", pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 0], pa.int64()), pa.array([1.5, 2.5]))
    yield "list of dictionary", pa.ListArray.from_arrays([0, 1, 1, 2, 3], pa.array(["a", "b", "a"]).dictionary_encode())
    yield "struct of dictionary", pa.StructArray.from_arrays([words], ["d"])
    kinds = pa.array([0, 1, 0, 1], pa.int8())
    yield "sparse union", pa.UnionArray.from_sparse(kinds, [pa.array([1, 2, 3, 4]), pa.array(["a", "b", "c", "d"])])
    yield "dense union", pa.UnionArray.from_dense(kinds, pa.array([0, 0, 1, 1], pa.int32()), [pa.array([1, 2]), pa.array(["a", "b"])])


def there_and_back(name, batches, options=None):
    call = fl.FlightCallOptions(write_options=options) if options else None
    writer, reader = client.do_put(fl.FlightDescriptor.for_path(name), batches[0].schema, call)
    with writer:
        for batch in batches:
            writer.write_batch(batch)
        writer.done_writing()
        assert reader.read().to_pybytes() == f"rows {sum(batch.num_rows for batch in batches)}".encode()
    back = client.do_get(fl.Ticket(name.encode())).read_all()
    back.validate(full=True)
    assert back.schema.equals(batches[0].schema, check_metadata=True), (name, back.schema)
    received = back.to_batches()
    expected = [batch for batch in batches if batch.num_rows > 0]
    assert len([batch for batch in received if batch.num_rows > 0]) == len(expected), name
    for ours, theirs in zip(expected, [batch for batch in received if batch.num_rows > 0]):
        for i in range(ours.num_columns):
            assert plain(ours.column(i)) == plain(theirs.column(i)), (name, ours, theirs)


def plain(array):
    """Nanoseconds don't fit into Python's own types."""
    type_ = array.type
    if pa.types.is_timestamp(type_) or pa.types.is_duration(type_) or pa.types.is_time64(type_):
        return array.view(pa.int64()).to_pylist()
    return array.to_pylist()


def check_types():
    every = list(columns())
    options = [None, pa.ipc.IpcWriteOptions(compression="lz4"), pa.ipc.IpcWriteOptions(compression="zstd"), pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4)]
    for name, array in every:
        for option in options[: 3 if "union" in name else 4]:
            there_and_back(name, [pa.record_batch([part], [name]) for part in (array, array.slice(1, 2), array.slice(0, 0), array)], option)
    there_and_back("every type", [pa.record_batch([array for _, array in every], [name for name, _ in every])] * 3)
    there_and_back("one name twice", [pa.record_batch([pa.array([1]), pa.array(["x"])], ["a", "a"])])
    there_and_back("no columns", [pa.record_batch([], [])])
    field = pa.field("a", pa.int32(), nullable=False, metadata={"k": "v"})
    there_and_back("metadata", [pa.record_batch([pa.array([1], pa.int32())], schema=pa.schema([field], metadata={"m": "n"}))])
    counts["types"] = len(every)


def check_dictionaries():
    def words(indices, dictionary):
        return pa.record_batch([pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(dictionary))], ["d"])

    there_and_back("replaced", [words([0, 1], ["a", "b"]), words([1, 0], ["x", "y"]), words([2], ["x", "y", "z"])])
    deltas = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    there_and_back("delta", [words([0, 1], ["a", "b"]), words([2, 0], ["a", "b", "c"])], deltas)


def check_refused_types():
    for name, array in (
        ("run-end encoded", pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["a"]))),
        ("list view", pa.array([[1]], pa.list_view(pa.int32()))),
    ):
        writer, _ = client.do_put(fl.FlightDescriptor.for_path("refused"), pa.schema([("c", array.type)]))
        raises(pa.ArrowInvalid, f'field "c": type {name} is not supported', writer.close)


def check_exchange():
    batch = pa.record_batch([pa.array([1, 2, 3])], ["n"])
    writer, reader = client.do_exchange(fl.FlightDescriptor.for_path("x"))
    writer.write_metadata(b"before the schema")
    assert reader.read_chunk().app_metadata == b"before the schema"
    writer.begin(batch.schema)
    writer.write_metadata(b"after the schema")
    assert reader.read_chunk().app_metadata == b"after the schema"
    writer.write_with_metadata(batch, b"with a batch")
    chunk = reader.read_chunk()
    assert (chunk.data.num_rows, chunk.app_metadata.to_pybytes()) == (3, b"with a batch")
    for _ in range(20):
        writer.write_batch(batch)
    writer.done_writing()
    for _ in range(20):
        assert reader.read_chunk().data.num_rows == 3
    raises(StopIteration, "", reader.read_chunk)
    writer.close()
    writer, reader = client.do_exchange(fl.FlightDescriptor.for_path("unread"))
    writer.begin(batch.schema)
    writer.write_with_metadata(batch, b"never read")
    writer.close()


def check_put():
    schema = pa.schema([("n", pa.int64())])
    writer, reader = client.do_put(fl.FlightDescriptor.for_path("empty"), schema)
    writer.done_writing()
    assert reader.read().to_pybytes() == b"rows 0"
    writer.close()
    assert client.do_get(fl.Ticket(b"empty")).read_all().schema == schema
    writer, reader = client.do_put(fl.FlightDescriptor.for_path("acks"), schema)
    batch = pa.record_batch([pa.array([1])], ["n"])
    for i in range(5):
        writer.write_with_metadata(batch, f"ack {i}".encode())
        assert reader.read().to_pybytes() == f"ack {i}".encode()
    writer.done_writing()
    writer.close()


def check_large():
    there_and_back("20 MB", [pa.record_batch([pa.array(range(2_500_000), pa.int64())], ["n"])])
    there_and_back("20 MB of text", [pa.record_batch([pa.array(["x" * 100] * 200_000)], ["t"])])


def check_information():
    there_and_back("known", [pa.record_batch([pa.array([1, 2])], ["n"])])
    info = client.get_flight_info(fl.FlightDescriptor.for_path("known"))
    assert (info.total_records, info.total_bytes, info.schema.names) == (2, -1, ["n"])
    assert client.do_get(info.endpoints[0].ticket).read_all().num_rows == 2
    assert client.get_schema(fl.FlightDescriptor.for_path("known")).schema.names == ["n"]
    assert [flight.descriptor.path for flight in client.list_flights(b"known")] == [[b"known"]]
    assert [(action.type, action.description) for action in client.list_actions()] == [("echo", "gives its name and its body back")]
    assert [result.body.to_pybytes() for result in client.do_action(fl.Action("echo", b"body"))] == [b"echo", b"body"]


def check_errors():
    for status, error in {
        "INVALID_ARGUMENT": pa.ArrowInvalid,
        "NOT_FOUND": pa.ArrowKeyError,
        "ALREADY_EXISTS": pa.ArrowException,
        "UNIMPLEMENTED": pa.ArrowNotImplementedError,
        "UNAUTHENTICATED": fl.FlightUnauthenticatedError,
        "PERMISSION_DENIED": fl.FlightUnauthorizedError,
        "UNAVAILABLE": fl.FlightUnavailableError,
        "RESOURCE_EXHAUSTED": pa.ArrowException,
        "INTERNAL": fl.FlightInternalError,
        "UNKNOWN": fl.FlightServerError,
    }.items():
        raises(error, "failed as asked", lambda: list(client.do_action(fl.Action("fail", status.encode()))))
        raises(error, "failed as asked", lambda: client.do_get(fl.Ticket(f"fail:{status}".encode())).read_all())



def check_time_and_cancellation():
    began = time.monotonic()
    raises(fl.FlightTimedOutError, "", lambda: client.do_get(fl.Ticket(b"sleep"), fl.FlightCallOptions(timeout=0.3)).read_all())
    assert time.monotonic() - began < 5
    reader = client.do_get(fl.Ticket(b"sleep"))
    threading.Timer(0.2, reader.cancel).start()
    raises(fl.FlightCancelledError, "", reader.read_chunk)
    assert time.monotonic() - began < 10


def check_authentication():
    other = fl.connect(location)
    key, value = other.authenticate_basic_token("user", "password")
    assert (key, value) == (b"authorization", b"Bearer token-of-user")
    options = fl.FlightCallOptions(headers=[(key, value), (b"x-scope-orgid", b"t1")])
    for header, expected in (("authorization", b"Bearer token-of-user"), ("x-scope-orgid", b"t1")):
        assert next(other.do_action(fl.Action("header", header.encode()), options)).body.to_pybytes() == expected
    raises(fl.FlightUnauthenticatedError, "wrong name or password", lambda: other.authenticate_basic_token("user", "wrong"))
    other.close()


def check_many_connections():
    failures = []

    def work():
        try:
            with fl.connect(location) as one:
                assert one.do_get(fl.Ticket(b"count:100000")).read_all().num_rows == 100_000
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def check_five_million_rows():
    rows = 0
    total = 0
    for chunk in client.do_get(fl.Ticket(b"count:5000000")):
        rows += chunk.data.num_rows
        total += pa.compute.sum(chunk.data.column(0)).as_py()
    assert (rows, total) == (5_000_000, 5_000_000 * 4_999_999 // 2)


def raises(kind, text, work):
    try:
        work()
    except kind as error:
        assert text in str(error), error
        return
    raise AssertionError(f"no {kind.__name__}")


for name, check in list(globals().items()):
    if name.startswith("check_"):
        try:
            began = time.monotonic()
            check()
            counts[name[6:].replace("_", " ")] = counts.get(name[6:], f"{time.monotonic() - began:.1f} s")
        except BaseException as error:
            raise RuntimeError(name) from error
print(json.dumps(counts))
