"""pyarrow.flight against packages/flight: who calls, what fails, where it is. flight_core_checks.py JSON. Fails by an exception."""
import json
import sys

import pyarrow as pa
import pyarrow.flight as fl

settings = json.loads(sys.argv[1])
counts = {}


def who(client, options=None):
    [result] = list(client.do_action(fl.Action("who", b""), options or fl.FlightCallOptions()))
    return result.body.to_pybytes().decode()


def fails(kind, call, *parts):
    try:
        call()
    except kind as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        for part in parts:
            assert part in str(error), f"{part!r} is not in {error}"
        return error
    raise AssertionError(f"no {kind.__name__}")


def header(name, value):
    return fl.FlightCallOptions(headers=[(name.encode(), value.encode())])


class OldHandler(fl.ClientAuthHandler):
    """The handshake of Flight's first years: BasicAuth in the payload, the token in auth-token-bin."""

    def __init__(self, user, password):
        super().__init__()
        self.basic = fl.BasicAuth(user, password)
        self.token = None

    def authenticate(self, outgoing, incoming):
        outgoing.write(self.basic.serialize())
        self.token = incoming.read()

    def get_token(self):
        return self.token


def authentication():
    with fl.connect(settings["plain"]) as client:
        error = fails(fl.FlightUnauthenticatedError, lambda: who(client), "authorization: Bearer")
        bearer = client.authenticate_basic_token(b"ada", b"l\xc3\xb6ve:lace")
        assert bearer[0] == b"authorization" and bearer[1].startswith(b"Bearer "), bearer
        assert who(client, fl.FlightCallOptions(headers=[bearer])) == "ada"
        assert who(client, header("x-api-key", "key-1")) == "by key"
        assert who(client, header("authorization", "ApiKey key-1")) == "by key"
        error = fails(fl.FlightUnauthenticatedError, lambda: client.authenticate_basic_token(b"ada", b"secret"), "password is wrong")
        assert "secret" not in str(error)
        fails(fl.FlightUnauthenticatedError, lambda: who(client, header("authorization", "Bearer nonsense")), "expired")
    with fl.connect(settings["plain"]) as client:
        client.authenticate(OldHandler("ada", "löve:lace"))
        assert who(client) == "ada"
    with fl.connect(settings["plain"]) as client:
        fails(fl.FlightUnauthenticatedError, lambda: client.authenticate(OldHandler("ada", "no")))
    with open(settings["cert"], "rb") as cert, open(settings["key"], "rb") as key:
        pem, secret = cert.read(), key.read()
    with fl.connect(settings["tls"], tls_root_certs=pem, cert_chain=pem.decode(), private_key=secret.decode()) as client:
        assert who(client) == "by certificate"
    with fl.connect(settings["tls"], tls_root_certs=pem) as client:
        fails(fl.FlightUnauthenticatedError, lambda: who(client), "client certificate")
    with fl.connect(settings["unix"]) as client:
        assert who(client, header("x-api-key", "key-1")) == "by key"
    counts["ways to say who calls"] = 7


def exceptions():
    key = header("x-api-key", "key-1")
    expected = {
        "INVALID_ARGUMENT": pa.ArrowInvalid,
        "NOT_FOUND": pa.ArrowKeyError,
        "RESOURCE_EXHAUSTED": pa.ArrowCapacityError,
        "OUT_OF_RANGE": pa.ArrowIndexError,
        "UNIMPLEMENTED": pa.ArrowNotImplementedError,
        "FAILED_PRECONDITION": pa.ArrowInvalid,
        "PERMISSION_DENIED": fl.FlightUnauthorizedError,
        "UNAUTHENTICATED": fl.FlightUnauthenticatedError,
        "UNAVAILABLE": fl.FlightUnavailableError,
        "INTERNAL": fl.FlightInternalError,
        "DATA_LOSS": fl.FlightInternalError,
        "ABORTED": fl.FlightInternalError,
        "CANCELLED": fl.FlightCancelledError,
        "DEADLINE_EXCEEDED": fl.FlightTimedOutError,
        "arrow TypeError": pa.ArrowTypeError,
        "arrow OutOfMemory": pa.ArrowMemoryError,
        "arrow SerializationError": pa.ArrowSerializationError,
    }
    with fl.connect(settings["plain"]) as client:
        for name, kind in expected.items():
            text = "gone wrong: ü 100 %"
            fails(kind, lambda: client.do_get(fl.Ticket(name), key).read_all(), text)
            fails(kind, lambda: client.get_flight_info(fl.FlightDescriptor.for_path(name), key), text)
            fails(kind, lambda: list(client.do_action(fl.Action(name, b""), key)), text)
        error = fails(fl.FlightInternalError, lambda: client.do_get(fl.Ticket("extra"), key).read_all(), "more", "in detail")
        assert error.extra_info == b"\x00\xff", error.extra_info
    counts["exceptions"] = len(expected) + 1


def compression():
    column = pa.chunked_array([[7] * 100_000])
    with fl.connect(settings["plain"]) as client:
        for name in ("none", "lz4", "zstd"):
            options = fl.FlightCallOptions(headers=[(b"x-api-key", b"key-1"), (b"x-arrow-body-compression", name.encode())])
            assert client.do_get(fl.Ticket("rows"), options).read_all().column("n").equals(column)
        options = fl.FlightCallOptions(headers=[(b"x-api-key", b"key-1"), (b"x-arrow-body-compression", b"snappy")])
        fails(pa.ArrowInvalid, lambda: client.do_get(fl.Ticket("rows"), options).read_all(), "none of none, lz4, zstd")
    counts["compressions asked for"] = 3


for check in (authentication, exceptions, compression):
    check()
print(json.dumps(counts))
