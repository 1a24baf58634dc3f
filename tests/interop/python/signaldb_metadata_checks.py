"""Metadata at every depth with patterns, information_schema, Flight's own listing, session options; by ADBC and pyarrow."""
import pyarrow as pa
import pyarrow.flight as fl
from signaldb_common import ask, connect, facts, refused, run_checks, uri

connection = connect()
signals = {"logs", "metrics_exponential_histogram", "metrics_gauge", "metrics_histogram", "metrics_sum", "metrics_summary", "traces"}


def objects(depth, **filters):
    return connection.adbc_get_objects(depth=depth, **filters).read_all().to_pylist()


def tables(**filters):
    return {
        table["table_name"]: table
        for catalog in objects("all", **filters)
        for schema in catalog["catalog_db_schemas"]
        for table in schema["db_schema_tables"]
    }


def check_depths():
    assert [catalog["catalog_name"] for catalog in objects("catalogs")] == ["signaldb"]
    (catalog,) = objects("db_schemas")
    assert [schema["db_schema_name"] for schema in catalog["catalog_db_schemas"]] == ["default"]
    (catalog,) = objects("tables")
    (schema,) = catalog["catalog_db_schemas"]
    assert signals <= {table["table_name"] for table in schema["db_schema_tables"]}
    assert all(table["table_columns"] is None for table in schema["db_schema_tables"])
    columns = {column["column_name"]: column for column in tables()["traces"]["table_columns"]}
    assert {"trace_id", "span_id", "start_time", "end_time", "duration_ns"} <= set(columns)
    assert sorted(column["ordinal_position"] for column in columns.values()) == list(range(1, len(columns) + 1))


def check_patterns():
    assert set(tables(table_name_filter="trac%")) == {"traces"}
    assert set(tables(table_name_filter="metrics\\_s%")) | set(tables(table_name_filter="metrics_s%")) == {"metrics_sum", "metrics_summary"}
    assert set(tables(table_name_filter="_races")) == {"traces"}
    assert tables(table_name_filter="%';--") == {}
    assert tables(table_name_filter="TRACES") == {}
    assert tables(db_schema_filter="nobody") == {} and set(tables(db_schema_filter="def%")) == set(tables())
    assert objects("all", catalog_filter="nothing") == []
    (traces,) = tables(table_name_filter="traces", column_name_filter="%an_id").values()
    assert "span_id" in {column["column_name"] for column in traces["table_columns"]}
    types = connection.adbc_get_table_types()
    assert "TABLE" in types
    assert tables(table_types_filter=["NOTHING"]) == {}
    assert signals <= set(tables(table_types_filter=types))


def check_table_schema():
    schema = connection.adbc_get_table_schema("traces")
    assert schema.field("trace_id").type in (pa.string(), pa.large_string(), pa.string_view())
    assert schema.field("trace_id").metadata[b"ARROW:FLIGHT:SQL:REMARKS"]
    refused(lambda: connection.adbc_get_table_schema("nothing"), kinds=("NOT_FOUND",))


def check_information_schema():
    names = {name for (name,) in ask(connection, "SELECT table_name FROM information_schema.tables")}
    assert signals <= names, names
    described = dict(ask(connection, "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'traces'"))
    assert {"trace_id", "duration_ns"} <= set(described)
    assert ask(connection, "SELECT DISTINCT table_catalog, table_schema FROM information_schema.tables") == [("signaldb", "default")]
    assert ("default",) in ask(connection, "SELECT schema_name FROM information_schema.schemata")


def check_database_itself():
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "SignalDB" and info["vendor_version"], info
    assert connection.adbc_current_catalog == "signaldb"
    assert connection.adbc_current_db_schema == "default"
    connection.adbc_current_db_schema = "default"
    try:
        connection.adbc_current_db_schema = "other-tenant"
    except Exception as error:
        assert "schema" in str(error).lower(), error
    else:
        raise AssertionError("a session went into another tenant's schema")


def check_flights():
    client = fl.connect(uri)
    flights = {flight.descriptor.path[0].decode(): flight for flight in client.list_flights()}
    assert signals <= set(flights)
    total = sum(facts["spans"]["default"].values())
    assert flights["traces"].total_records == total and flights["traces"].total_bytes > 0, flights["traces"].total_records
    assert "trace_id" in flights["traces"].schema.names
    for descriptor in (fl.FlightDescriptor.for_path("traces"), fl.FlightDescriptor.for_command(b"SELECT * FROM traces")):
        assert "trace_id" in client.get_schema(descriptor).schema.names
        info = client.get_flight_info(descriptor)
        rows = sum(client.do_get(endpoint.ticket).read_all().num_rows for endpoint in info.endpoints)
        assert rows == total
    for path in (('traces"; DROP TABLE traces; --',), ("../traces",), ("",), ("default", "traces", "x"), ()):
        try:
            client.get_flight_info(fl.FlightDescriptor.for_path(*path))
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            continue
        raise AssertionError(f"the path {path} was taken")
    client.close()


run_checks(globals())
connection.close()
