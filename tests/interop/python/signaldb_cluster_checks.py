"""Two routers and two queriers: results in several endpoints, tickets and prepared statements that any router serves, cancelling from elsewhere."""
import threading
import time

import pyarrow as pa
import pyarrow.flight as fl
from signaldb_common import ask, connect, facts, run_checks, uri, uris

rows = 1_500_000
reuse = "arrow-flight-reuse-connection"


def locations(endpoint):
    return [location.uri.decode() for location in endpoint.locations]


def message(field, value):
    """A protobuf message with one field of bytes; pyarrow has no calls of its own for Flight's standard actions."""
    length, size = b"", len(value)
    while size >= 0x80:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([field << 3 | 2]) + length + bytes([size]) + value


def act(client, kind, body):
    (result,) = client.do_action(fl.Action(kind, body))
    return result.body.to_pybytes()


def check_large_tables_are_read_from_both_queriers():
    with connect() as connection, connection.cursor() as cursor:
        schema = pa.schema([("n", pa.int64()), ("s", pa.string())])
        batches = (pa.record_batch([range(i * 50_000, (i + 1) * 50_000), [f"text {k % 100}" for k in range(50_000)]], schema=schema) for i in range(rows // 50_000))
        assert cursor.adbc_ingest("large", pa.RecordBatchReader.from_batches(schema, batches), mode="create") == rows
    client = fl.connect(uri)
    deadline = time.monotonic() + 60  # until there is more than one file
    while True:
        info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT n, s FROM large"))
        if len(info.endpoints) > 1 or time.monotonic() > deadline:
            break
        time.sleep(1)
    assert len(info.endpoints) > 1, "the result was not split"
    places = {place for endpoint in info.endpoints for place in locations(endpoint) if reuse not in place}
    assert len(places) == 2, places
    assert all(any(reuse in place for place in locations(endpoint)) for endpoint in info.endpoints)
    assert all(endpoint.expiration_time is not None for endpoint in info.endpoints)
    for whole in ("direct", "router"):
        seen = 0
        total = 0
        for endpoint in info.endpoints:
            at = next(place for place in locations(endpoint) if reuse not in place) if whole == "direct" else uris[-1]
            with fl.connect(at) as other:
                table = other.do_get(endpoint.ticket).read_all()
            seen += table.num_rows
            total += pa.compute.sum(table.column("n")).as_py() or 0
        assert (seen, total) == (rows, rows * (rows - 1) // 2), (whole, seen)
    with connect(uris[-1]) as connection:
        assert ask(connection, "SELECT count(*), sum(n), count(DISTINCT s) FROM large") == [(rows, rows * (rows - 1) // 2, 100)]
        with connection.cursor() as cursor:
            cursor.execute("SELECT n, s FROM large")
            assert pa.compute.sum(cursor.fetch_arrow_table().column("n")).as_py() == rows * (rows - 1) // 2
            cursor.execute("SELECT n FROM large ORDER BY n")
            assert cursor.fetch_arrow_table().column("n").combine_chunks().equals(pa.array(range(rows), pa.int64()))


def check_tickets_of_one_router_at_the_other():
    client, other = (fl.connect(at) for at in (uris[0], uris[-1]))
    info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT 42 AS n"))
    assert other.do_get(info.endpoints[0].ticket).read_all().to_pylist() == [{"n": 42}]


def check_cancelling_from_another_connection():
    client, other = (fl.connect(at) for at in (uris[0], uris[-1]))
    info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT count(*) AS n FROM range(100000000000) WHERE md5(range::VARCHAR) = 'x'"))
    ended = []

    def read():
        try:
            ended.append(client.do_get(info.endpoints[0].ticket).read_all())
        except Exception as error:
            ended.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    time.sleep(1)
    result = act(other, "CancelFlightInfo", message(1, info.serialize()))
    assert result in (b"\x08\x01", b"\x08\x02"), result  # cancelled, or being cancelled
    reading.join(20)
    assert len(ended) == 1 and "cancel" in str(ended[0]).lower(), ended


def check_renewal():
    client = fl.connect(uri)
    info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT 42 AS n"))
    before = info.endpoints[0]
    time.sleep(0.01)
    after = fl.FlightEndpoint.deserialize(act(client, "RenewFlightEndpoint", message(1, before.serialize())))
    assert after.expiration_time.value > before.expiration_time.value
    assert client.do_get(after.ticket).read_all().to_pylist() == [{"n": 42}]


run_checks(globals())
