"""pyarrow's side of `npm run bench flight`.

serve           a C++ server with the same calls as server.ts; prints its port
measure PORT    a C++ client against a server; reads lines {"call", "size", "count"} and answers each with {"seconds"}
serve-sql       DuckDB behind a C++ server that takes Flight SQL's plain queries; prints its port
adbc            ADBC's driver; reads lines {"uri", "sql"} and answers each with {"rows", "seconds", "first"}
"""
import json
import sys
import time

import pyarrow as pa
import pyarrow.flight as fl

ROWS = {"64k": 8192, "1m": 131072, "4m": 524288, "one": 1}


def batch(size):
    return pa.record_batch([pa.array(range(ROWS[size]), pa.int64())], names=["n"])


class Server(fl.FlightServerBase):
    def do_get(self, context, ticket):
        size, count = ticket.ticket.decode().split(":")
        rows = batch(size)
        return fl.GeneratorStream(rows.schema, (rows for _ in range(int(count))))

    def do_put(self, context, descriptor, reader, writer):
        rows = sum(chunk.data.num_rows for chunk in reader)
        writer.write(str(rows).encode())

    def do_exchange(self, context, descriptor, reader, writer):
        begun = False
        for chunk in reader:
            if not begun:
                writer.begin(chunk.data.schema)
                begun = True
            writer.write_batch(chunk.data)


def fields(message):
    """The fields of a protobuf message that has nothing but bytes in it."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        number = varint() >> 3
        length = varint()
        yield number, message[at : at + length]
        at += length


class SqlServer(fl.FlightServerBase):
    def __init__(self):
        import duckdb

        super().__init__("grpc://127.0.0.1:0")
        self.database = duckdb.connect()
        self.database.execute("SET threads = 2")

    def get_flight_info(self, context, descriptor):
        command = dict(fields(descriptor.command))[2]  # Any.value
        sql = dict(fields(command))[1].decode()  # CommandStatementQuery.query
        schema = self.database.cursor().execute(f"{sql} LIMIT 0").to_arrow_table().schema
        return fl.FlightInfo(schema, descriptor, [fl.FlightEndpoint(sql.encode(), [])], -1, -1)

    def do_get(self, context, ticket):
        rows = self.database.cursor().execute(ticket.ticket.decode())
        return fl.RecordBatchStream(rows.to_arrow_reader(65536))


def adbc():
    import adbc_driver_flightsql.dbapi as dbapi

    for line in sys.stdin:
        task = json.loads(line)
        with dbapi.connect(task["uri"], autocommit=True) as connection, connection.cursor() as cursor:
            began = time.perf_counter()
            cursor.execute(task["sql"])
            rows, first = 0, None
            for chunk in cursor.fetch_record_batch():
                first = first or time.perf_counter() - began
                rows += chunk.num_rows
            print(json.dumps(dict(rows=rows, seconds=time.perf_counter() - began, first=first)), flush=True)


def get(client, size, count):
    rows = sum(chunk.data.num_rows for chunk in client.do_get(fl.Ticket(f"{size}:{count}".encode())))
    assert rows == ROWS[size] * count


def put(client, size, count):
    rows = batch(size)
    writer, reader = client.do_put(fl.FlightDescriptor.for_path("bench"), rows.schema)
    for _ in range(count):
        writer.write_batch(rows)
    writer.done_writing()
    assert int(reader.read().to_pybytes()) == ROWS[size] * count
    writer.close()


def exchange(client, size, count):
    """Keeps a few batches under way."""
    rows = batch(size)
    writer, reader = client.do_exchange(fl.FlightDescriptor.for_path("bench"))
    writer.begin(rows.schema)
    received = 0
    for sent in range(count):
        writer.write_batch(rows)
        if sent >= 4:
            received += reader.read_chunk().data.num_rows
    writer.done_writing()
    while received < ROWS[size] * count:
        received += reader.read_chunk().data.num_rows
    writer.close()


def main():
    if sys.argv[1] == "serve":
        server = Server("grpc://127.0.0.1:0")
        print(server.port, flush=True)
        server.serve()
    elif sys.argv[1] == "serve-sql":
        server = SqlServer()
        print(server.port, flush=True)
        server.serve()
    elif sys.argv[1] == "adbc":
        return adbc()
    client = fl.connect(f"grpc://127.0.0.1:{sys.argv[2]}")
    calls = dict(get=get, put=put, exchange=exchange)
    for line in sys.stdin:
        task = json.loads(line)
        began = time.perf_counter()
        if task["call"] == "latency":
            times = []
            for _ in range(task["count"]):
                at = time.perf_counter()
                get(client, "one", 1)
                times.append(time.perf_counter() - at)
            times.sort()
            print(json.dumps(dict(p50=times[len(times) // 2], p99=times[len(times) * 99 // 100])), flush=True)
            continue
        calls[task["call"]](client, task["size"], task["count"])
        print(json.dumps(dict(seconds=time.perf_counter() - began)), flush=True)


main()
