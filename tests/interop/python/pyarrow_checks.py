"""pyarrow.flight against the servers of the suite: pyarrow_checks.py PORT PORT_WITH_AUTHENTICATION. Fails by an exception."""
import datetime as dt
import decimal
import json
import sys
import threading
import time

import pyarrow as pa
import pyarrow.compute
import pyarrow.flight as fl
from ipc_streams import columns, shares
from plain_values import plain

location = f"grpc://127.0.0.1:{sys.argv[1]}"
client = fl.connect(location)
D = decimal.Decimal
counts = {}


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
            assert same(ours.column(i), theirs.column(i)), (name, ours, theirs)
    exchanged(name, batches, call)


def same(ours, theirs):
    return ours.equals(theirs) if len(ours) > 10_000 else plain(ours) == plain(theirs)


def exchanged(name, batches, call):
    writer, reader = client.do_exchange(fl.FlightDescriptor.for_path(name), call)
    with writer:
        writer.begin(batches[0].schema)
        for batch in batches:
            writer.write_batch(batch)
            if batch.num_columns > 0:
                back = reader.read_chunk().data
                assert all(same(ours, theirs) for ours, theirs in zip(batch.columns, back.columns, strict=True)), name
        writer.done_writing()


def check_types():
    forms = [{}, dict(compression="lz4"), dict(compression="zstd"), dict(metadata_version=pa.ipc.MetadataVersion.V4)]
    tried = 0
    for null in shares.values():
        every = list(columns(null))
        for name, array in every:
            form = forms[tried % (3 if "union" in name else 4)]
            tried += 1
            batches = [pa.record_batch([part], [name]) for part in (array, array.slice(3, 4), array.slice(2, 0), array)]
            there_and_back(name, batches, pa.ipc.IpcWriteOptions(**form))
        there_and_back("every type", [pa.record_batch([array for _, array in every], [name for name, _ in every])] * 3)
    there_and_back("one name twice", [pa.record_batch([pa.array([1]), pa.array(["x"])], ["a", "a"])])
    there_and_back("no columns", [pa.record_batch([], [])])
    field = pa.field("a", pa.int32(), nullable=False, metadata={"k": "v"})
    there_and_back("metadata", [pa.record_batch([pa.array([1], pa.int32())], schema=pa.schema([field], metadata={"m": "n"}))])
    counts["types"] = tried


def check_random_streams():
    """What the server sends is what it means; and comes back as it was sent."""
    for seed in range(150):
        [meant] = client.do_action(fl.Action("random", str(seed).encode()))
        table = client.do_get(fl.Ticket(f"random:{seed}".encode())).read_all()
        table.validate(full=True)
        values = [plain(column) for column in table.columns]
        assert values == json.loads(meant.body.to_pybytes()), (seed, table.schema)
        batches = table.to_batches()
        if batches and table.num_columns:
            exchanged(f"random {seed}", batches, None)
    counts["random streams"] = 150


def check_metadata():
    chunks = list(client.do_get(fl.Ticket(b"noted")))
    seen = [(chunk.data.num_rows if chunk.data else None, chunk.app_metadata.to_pybytes()) for chunk in chunks]
    assert seen == [(None, b"before"), *[(65_536, b"with")] * 3, (None, b"after")], seen


def check_compression_as_asked():
    rows = 500_000
    for asked in (b"none", b"lz4", b"zstd"):
        options = fl.FlightCallOptions(headers=[(b"x-arrow-body-compression", asked)])
        assert client.do_get(fl.Ticket(f"count:{rows}".encode()), options).read_all().num_rows == rows


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
        ("large list view", pa.array([[1]], pa.large_list_view(pa.int32()))),
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
    guarded = f"grpc://127.0.0.1:{sys.argv[2]}"
    who = fl.Action("who", b"")

    def name(options=None, of=None):
        return next((of or other).do_action(who, options)).body.to_pybytes()

    def header(value, key=b"authorization"):
        return fl.FlightCallOptions(headers=[(key, value)])

    with fl.connect(guarded) as other:
        token = other.authenticate_basic_token("user", "password")
        assert token[0] == b"authorization" and token[1].startswith(b"Bearer "), token
        options = fl.FlightCallOptions(headers=[token, (b"x-scope-orgid", b"t1")])
        assert name(options) == b"user"
        assert other.do_get(fl.Ticket(b"count:100000"), options).read_all().num_rows == 100_000
        assert next(other.do_action(fl.Action("header", b"x-scope-orgid"), options)).body.to_pybytes() == b"t1"
        assert name(header(b"Bearer good-token")) == b"holder"
        assert name(header(b"good-key", b"x-api-key")) == b"keyholder"
        for wrong in (None, header(b"Bearer bad-token"), header(token[1][:-2] + b"xx"), header(b"bad-key", b"x-api-key"), header(b"nonsense")):
            raises(fl.FlightUnauthenticatedError, "", lambda: name(wrong))
            raises(fl.FlightUnauthenticatedError, "", lambda: list(other.list_flights(options=wrong)))
            raises(fl.FlightUnauthenticatedError, "", lambda: other.get_flight_info(fl.FlightDescriptor.for_path("x"), wrong))
            raises(OSError, "Unauthenticated", lambda: other.get_schema(fl.FlightDescriptor.for_path("x"), wrong))  # pyarrow's own way
            raises(fl.FlightUnauthenticatedError, "", lambda: other.do_get(fl.Ticket(b"count:1"), wrong).read_all())
            raises(fl.FlightUnauthenticatedError, "", lambda: list(other.list_actions(wrong)))
        for user, password in (("user", "wrong"), ("nobody", "password"), ("", "")):
            raises(fl.FlightUnauthenticatedError, "", lambda: other.authenticate_basic_token(user, password))
        schema = pa.schema([("n", pa.int64())])
        raises(fl.FlightUnauthenticatedError, "", lambda: other.do_put(fl.FlightDescriptor.for_path("x"), schema)[0].close())
    with fl.connect(guarded, middleware=[BearerMiddlewareFactory()]) as other:
        assert name() == b"holder"


class BearerMiddlewareFactory(fl.ClientMiddlewareFactory):
    def start_call(self, info):
        return BearerMiddleware()


class BearerMiddleware(fl.ClientMiddleware):
    def sending_headers(self):
        return {"authorization": "Bearer good-token"}


def check_standard_actions():
    schema = pa.schema([("n", pa.int64())])
    batch = pa.record_batch([pa.array([1])], schema=schema)
    there_and_back("to cancel", [batch])
    info = client.get_flight_info(fl.FlightDescriptor.for_path("to cancel"))
    endpoint = fl.FlightEndpoint(b"ticket", ["grpc://127.0.0.1:1", "arrow-flight-reuse-connection://?"])
    assert fl.FlightEndpoint.deserialize(endpoint.serialize()) == endpoint
    assert fl.FlightInfo.deserialize(info.serialize()).total_records == 1
    assert {action.type for action in client.list_actions()} >= {"echo"}


def check_deadline_of_each_call():
    """The server sleeps, whichever call it is."""
    brief = fl.FlightCallOptions(timeout=0.2)
    schema = pa.schema([("n", pa.int64())])

    def late_put():
        writer, reader = client.do_put(fl.FlightDescriptor.for_path("late"), schema, brief)
        assert reader.read() is None
        writer.close()

    def late_exchange():
        writer, reader = client.do_exchange(fl.FlightDescriptor.for_path("late"), brief)
        raises(StopIteration, "", reader.read_chunk)
        writer.close()

    for name, call in dict(
        get_flight_info=lambda: client.get_flight_info(fl.FlightDescriptor.for_path("sleep"), brief),
        list_flights=lambda: list(client.list_flights(b"sleep", brief)),
        do_action=lambda: list(client.do_action(fl.Action("sleep", b""), brief)),
        do_get=lambda: client.do_get(fl.Ticket(b"sleep"), brief).read_all(),
        do_put=late_put,
        do_exchange=late_exchange,
    ).items():
        raises(fl.FlightTimedOutError, "", call, name)


def check_wrong_input():
    raises(pa.ArrowKeyError, "there is no nothing", lambda: client.do_get(fl.Ticket(b"nothing")).read_all())
    raises(pa.ArrowKeyError, "there is no nothing", lambda: client.get_flight_info(fl.FlightDescriptor.for_path("nothing")))
    raises(pa.ArrowNotImplementedError, "", lambda: list(client.do_action(fl.Action("unheard-of", b""))))
    raises(pa.ArrowInvalid, "", lambda: client.do_get(fl.Ticket(b"count:1"), fl.FlightCallOptions(headers=[(b"x-arrow-body-compression", b"rar")])).read_all())
    assert client.do_get(fl.Ticket(b"count:10")).read_all().num_rows == 10


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


def raises(kind, text, work, name=""):
    try:
        work()
    except kind as error:
        assert text in str(error), error
        return
    raise AssertionError(f"{name}: no {kind.__name__}")


for name, check in list(globals().items()):
    if name.startswith("check_"):
        try:
            began = time.monotonic()
            check()
            counts[name[6:].replace("_", " ")] = counts.get(name[6:], f"{time.monotonic() - began:.1f} s")
        except BaseException as error:
            raise RuntimeError(name) from error
print(json.dumps(counts))
