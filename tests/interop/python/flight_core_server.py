"""A pyarrow.flight server for packages/flight's client; prints its port, then serves until its input ends."""
import sys

import pyarrow as pa
import pyarrow.flight as fl

FAILURES = {
    "invalid": pa.ArrowInvalid("wrong: ü"),
    "key": pa.ArrowKeyError("wrong: ü"),
    "index": pa.ArrowIndexError("wrong: ü"),
    "type": pa.ArrowTypeError("wrong: ü"),
    "not implemented": pa.ArrowNotImplementedError("wrong: ü"),
    "unauthenticated": fl.FlightUnauthenticatedError("wrong: ü", b"\x00\xff"),
    "unavailable": fl.FlightUnavailableError("wrong: ü"),
    "internal": fl.FlightInternalError("wrong: ü"),
}


class Basic(fl.ServerMiddlewareFactory):
    def start_call(self, info, headers):
        values = headers.get("authorization") or headers.get("Authorization") or [""]
        return Bearer(values[0])


class Bearer(fl.ServerMiddleware):
    def __init__(self, authorization):
        self.authorization = authorization

    def sending_headers(self):
        return {"authorization": "Bearer made-here"} if self.authorization.startswith("Basic") else {}


class NoHandshake(fl.ServerAuthHandler):
    def authenticate(self, outgoing, incoming):
        pass

    def is_valid(self, token):
        return ""


class Server(fl.FlightServerBase):
    def get_flight_info(self, context, descriptor):
        count = int(descriptor.command)
        endpoints = [fl.FlightEndpoint(str(i).encode(), ["arrow-flight-reuse-connection://?"] if i % 2 else []) for i in range(count)]
        return fl.FlightInfo(pa.schema([("n", pa.int64())]), descriptor, endpoints, -1, -1, ordered=True)

    def do_get(self, context, ticket):
        number = int(ticket.ticket)
        batches = [pa.record_batch({"n": pa.array([number * 10 + i])}) for i in range(10)]
        return fl.GeneratorStream(batches[0].schema, iter(batches))

    def do_action(self, context, action):
        if action.type == "authorization":
            return [context.get_middleware("basic").authorization.encode()]
        raise FAILURES[action.type]


server = Server("grpc://127.0.0.1:0", auth_handler=NoHandshake(), middleware={"basic": Basic()})
print(server.port, flush=True)
sys.stdin.read()
server.shutdown()
