"""Authentication on: tokens, users with passwords, tenants, rights, and tickets and handles in the wrong hands; at every door."""
import base64
import json
import urllib.error
import urllib.request

import pyarrow as pa
import pyarrow.flight as fl
from signaldb_common import ask, connect, facts, refused, run_checks, uri, uris

ports = facts["ports"]
authorization = "adbc.flight.sql.authorization_header"
secrets = {name: {authorization: f"Bearer {name}-token"} for name in ("reader", "writer", "two", "all")}
ada = {"username": "ada", "password": "correct horse"}
numbers = pa.table({"n": [1, 2, 3]})
unauthenticated, denied = ("UNAUTHENTICATED",), ("UNAUTHORIZED",)


def query(statement="SELECT 1", at=uri, **options):
    with connect(at, **options) as connection:
        return ask(connection, statement)


def ingest(name, mode="create", **options):
    with connect(**options) as connection, connection.cursor() as cursor:
        return cursor.adbc_ingest(name, numbers, mode=mode)


def headers(token):
    return fl.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])


def http(url, token=None, body=None, **more):
    request = urllib.request.Request(url, data=body, headers={**({"authorization": f"Bearer {token}"} if token else {}), **more})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def check_missing_and_wrong_credentials():
    refused(query, "authorization", kinds=unauthenticated)
    for value in ("Bearer nobody", "Bearer", "Bearer ", "Basic !!!", "Basic " + base64.b64encode(b"ada").decode(), "Digest x", "x" * 5000):
        refused(lambda: query(**{authorization: value}), kinds=unauthenticated)
    for user, password in (("ada", "wrong"), ("nobody", "correct horse"), ("ada", ""), ("", ""), ("ada\x00", "x")):
        value = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        refused(lambda: query(**{authorization: value}), kinds=unauthenticated)
    refused(lambda: query(username="ada", password="wrong"), kinds=unauthenticated)
    client = fl.connect(uri)
    for call in (
        lambda: list(client.list_flights()),
        lambda: client.list_actions(),
        lambda: client.get_flight_info(fl.FlightDescriptor.for_path("traces")),
        lambda: client.get_schema(fl.FlightDescriptor.for_path("traces")),
        lambda: client.do_get(fl.Ticket(b"x")).read_all(),
        lambda: list(client.do_action(fl.Action("ListTables", b"{}"))),
        lambda: client.do_put(fl.FlightDescriptor.for_path("t"), numbers.schema)[0].close(),
        lambda: client.do_exchange(fl.FlightDescriptor.for_path("t"))[1].read_chunk(),
    ):
        try:
            call()
        except fl.FlightUnauthenticatedError:
            continue
        except OSError as error:  # which get_schema makes of it
            assert "Unauthenticated" in str(error), error
            continue
        raise AssertionError("a call without credentials was answered")


def check_users_and_tokens():
    for options in (ada, *secrets.values()):
        with connect(tenant="acme", **options) as connection:
            assert ask(connection, "SELECT 1") == [(1,)]
    with connect(**ada) as connection:
        assert connection.adbc_current_db_schema == "acme", "the only tenant of an account is its default"
    client = fl.connect(uri)
    header = client.authenticate_basic_token("ada", "correct horse")
    for at in uris:
        token = header[1].decode().removeprefix("Bearer ")
        assert list(fl.connect(at).list_flights(options=headers(token)))
    try:
        client.authenticate_basic_token("ada", "wrong")
    except fl.FlightUnauthenticatedError:
        return
    raise AssertionError("a wrong password was taken")


def check_rights():
    assert ingest("shared", **secrets["writer"]) == 3
    assert query("SELECT sum(n) FROM shared", **secrets["reader"]) == [(6,)]
    refused(lambda: ingest("shared", "append", **secrets["reader"]), kinds=denied)
    refused(lambda: ingest("shared", "replace", **secrets["reader"]), kinds=denied)
    for statement in ("CREATE TABLE mine (x INTEGER)", "DROP TABLE shared", "INSERT INTO shared VALUES (4)"):
        refused(lambda: query(statement, **secrets["reader"]), kinds=denied)
    client = fl.connect(uri)
    for action in ("DropTable", "CreateTable"):
        body = json.dumps({"name": "shared", "schema_json": {}}).encode()
        try:
            list(client.do_action(fl.Action(action, body), headers("reader-token")))
        except fl.FlightUnauthorizedError:
            continue
        raise AssertionError(f"a reader may {action}")
    assert query("SELECT count(*) FROM shared", **secrets["reader"]) == [(3,)]


def check_tenants():
    for options in (ada, secrets["reader"], secrets["writer"]):
        refused(lambda: query(tenant="other", **options), "other", kinds=denied)
    for tenant in ("acme", "other"):
        query(tenant=tenant, **secrets["two"])
        query(tenant=tenant, **secrets["all"])
    refused(lambda: query(tenant="third", **secrets["two"]), "third", kinds=denied)
    ingest("secret", tenant="other", **secrets["two"])
    for statement in ("SELECT * FROM secret", 'SELECT * FROM other.secret', 'SELECT * FROM signaldb.other.secret', 'DROP TABLE other.secret', "INSERT INTO other.secret VALUES (4)", "CREATE TABLE other.t (x INTEGER)"):
        refused(lambda: query(statement, **secrets["writer"]), kinds=("NOT_FOUND", "INVALID_ARGUMENT", *denied))
    assert query("SELECT count(*) FROM information_schema.tables WHERE table_name = 'secret' OR table_schema = 'other'", **secrets["writer"]) == [(0,)]
    with connect(**secrets["writer"]) as connection:
        (catalog,) = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
        assert [schema["db_schema_name"] for schema in catalog["catalog_db_schemas"]] == ["acme"]
    assert query("SELECT count(*) FROM secret", tenant="other", **secrets["two"]) == [(3,)]


def check_tickets_in_the_wrong_hands():
    client = fl.connect(uri)
    info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT * FROM shared"), headers("writer-token"))
    ticket = info.endpoints[0].ticket
    assert client.do_get(ticket, headers("writer-token")).read_all().num_rows == 3
    assert client.do_get(ticket, headers("reader-token")).read_all().num_rows == 3
    other = fl.FlightCallOptions(headers=[(b"authorization", b"Bearer two-token"), (b"x-scope-orgid", b"other")])
    tampered = [bytes(b ^ (1 << 3) if i == at else b for i, b in enumerate(ticket.ticket)) for at in range(0, len(ticket.ticket), max(1, len(ticket.ticket) // 40))]
    wrong = [(ticket.ticket, other), *((bytes_, headers("writer-token")) for bytes_ in (*tampered, ticket.ticket[:-1], ticket.ticket + b"x", b"", b"garbage", b'{"sql": "SELECT * FROM secret", "tenant": "other"}'))]
    for bytes_, options in wrong:
        try:
            client.do_get(fl.Ticket(bytes_), options).read_all()
        except (pa.ArrowInvalid, pa.ArrowKeyError, fl.FlightUnauthorizedError, pa.ArrowNotImplementedError):
            continue
        raise AssertionError(f"the ticket {bytes_} was taken")


def check_doors_that_are_not_sql():
    router, otlp, catalog = (f"http://127.0.0.1:{ports[name]}" for name in ("routerHttp", "otlpHttp", "flowctlHttp"))
    assert http(f"{router}/api/search", "reader-token") == 200
    assert http(f"{router}/api/search") == 401 and http(f"{router}/api/search", "nobody") == 401
    assert http(f"{router}/api/search", "reader-token", **{"x-scope-orgid": "other"}) == 403
    traces = dict(body=b'{"resourceSpans":[]}', **{"content-type": "application/json"})
    assert http(f"{otlp}/v1/traces", "writer-token", **traces) == 200
    assert http(f"{otlp}/v1/traces", **traces) == 401
    assert http(f"{otlp}/v1/traces", "reader-token", **traces) == 403
    assert http(f"{otlp}/v1/traces", "writer-token", **traces, **{"x-scope-orgid": "other"}) == 403
    assert http(f"{catalog}/v1/namespaces") == 401
    assert http(f"{catalog}/v1/namespaces", "reader-token") == 200
    assert http(f"{catalog}/v1/namespaces/acme/tables/shared", "reader-token") == 200
    assert http(f"{catalog}/v1/namespaces/other/tables/secret", "reader-token") in (403, 404)


def check_doors_of_the_inside():
    for name in ("querierFlight", "writerFlight", "acceptorFlight"):
        client = fl.connect(f"grpc://127.0.0.1:{ports[name]}")
        for token in (None, "all-token"):
            for action, body in (("describe", {"tenant": "other", "sql": "SELECT 1"}), ("tables", {"tenant": "other"}), ("hot_files", {"tenant": "other"}), ("barrier", {})):
                try:
                    answer = list(client.do_action(fl.Action(action, json.dumps(body).encode()), headers(token) if token else None))
                except (fl.FlightUnauthenticatedError, fl.FlightUnauthorizedError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
                    continue
                raise AssertionError(f"{name} answered {action} to {token}: {answer}")


def check_what_the_connection_says_stays_its_own():
    with connect(**secrets["writer"]) as mine, connect(tenant="other", **secrets["two"]) as other:
        with mine.cursor() as cursor:
            cursor.adbc_prepare("SELECT n FROM shared WHERE n > ?")
            cursor.execute("SELECT n FROM shared WHERE n > ?", (1,))
            assert sorted(cursor.fetchall()) == [(2,), (3,)]
        refused(lambda: ask(other, "SELECT n FROM shared"))


run_checks(globals())
