"""A pyarrow.flight server (C++) for our client: prints its port, serves until its input ends.

DoGet gives each column of ipc_streams.py by its name, in streams of both kinds that pyarrow has; DoPut acknowledges each batch;
DoExchange echoes; calls need the user's password or the token that it was exchanged for.
"""
import base64
import json
import sys

import pyarrow as pa
import pyarrow.flight as fl
from ipc_streams import columns, shares
from plain_values import plain

arrays = dict(columns(shares["some nulls"]))


class Server(fl.FlightServerBase):
    def list_flights(self, context, criteria):
        for name in arrays:
            if criteria.decode() in name:
                yield self.info(name)

    def info(self, name):
        schema = pa.schema([(name, arrays[name].type)])
        locations = ["arrow-flight-reuse-connection://?"]
        return fl.FlightInfo(schema, fl.FlightDescriptor.for_path(name), [fl.FlightEndpoint(name.encode(), locations)], 8, -1)

    def get_flight_info(self, context, descriptor):
        name = descriptor.path[0].decode()
        if name not in arrays:
            raise KeyError(f"there is no {name}")
        return self.info(name)

    def get_schema(self, context, descriptor):
        return fl.SchemaResult(self.get_flight_info(context, descriptor).schema)

    def do_get(self, context, ticket):
        name = ticket.ticket.decode()
        if name == "metadata":
            batch = pa.record_batch([pa.array([1, 2])], ["n"])
            return fl.GeneratorStream(batch.schema, ((batch, f"batch {i}".encode()) for i in range(3)))
        if name == "endless":
            batch = pa.record_batch([pa.array(range(10_000))], ["n"])
            return fl.GeneratorStream(batch.schema, (batch for _ in range(10**9)))
        if name.startswith("compressed "):
            _, codec, name = name.split(" ", 2)
            batch = pa.record_batch([arrays[name]], [name])
            return fl.RecordBatchStream(pa.Table.from_batches([batch] * 2), options=pa.ipc.IpcWriteOptions(compression=codec))
        batch = pa.record_batch([arrays[name]], [name])
        return fl.RecordBatchStream(pa.Table.from_batches([batch, batch.slice(3, 4)]))

    def do_put(self, context, descriptor, reader, writer):
        for i, chunk in enumerate(reader):
            note = chunk.app_metadata.to_pybytes() if chunk.app_metadata else b"none"
            writer.write(json.dumps([plain(chunk.data.column(0)), note.decode()]).encode())

    def do_exchange(self, context, descriptor, reader, writer):
        writer.begin(reader.schema)
        for chunk in reader:
            if chunk.app_metadata:
                writer.write_with_metadata(chunk.data, chunk.app_metadata)
            else:
                writer.write_batch(chunk.data)

    def do_action(self, context, action):
        if action.type == "values":
            yield json.dumps(plain(arrays[action.body.to_pybytes().decode()])).encode()
        elif action.type == "fail":
            raise getattr(fl, action.body.to_pybytes().decode())("failed as asked")
        else:
            yield action.body

    def list_actions(self, context):
        return [("echo", "gives its body back")]


class Authentication(fl.ServerMiddlewareFactory):
    def start_call(self, info, headers):
        value = next((values[0] for key, values in headers.items() if key.lower() == "authorization"), "")
        kind, _, secret = value.partition(" ")
        if kind == "Basic" and base64.b64decode(secret) == b"user:password":
            return Handing("token-of-user")
        if value != "Bearer token-of-user":
            raise fl.FlightUnauthenticatedError("who is there?")
        return None


class Handing(fl.ServerMiddleware):
    def __init__(self, token):
        self.token = token

    def sending_headers(self):
        return {"authorization": f"Bearer {self.token}"}


class NoHandshake(fl.ServerAuthHandler):
    def authenticate(self, outgoing, incoming):
        pass

    def is_valid(self, token):
        return ""


with Server("grpc://127.0.0.1:0", auth_handler=NoHandshake(), middleware={"authentication": Authentication()}) as server:
    print(json.dumps(dict(port=server.port, names=list(arrays))), flush=True)
    sys.stdin.read()
