"""The OpenTelemetry SDK's real exporters into a running SignalDB: what comes back has to equal what was sent.

arguments: JSON with otlp_grpc, otlp_http, collector_grpc, tempo, flight (ports)
"""
import difflib
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter

import adbc_driver_flightsql.dbapi as flightsql
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult, SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context
import grpc

ports = json.loads(sys.argv[1])
done = {}


class Both(SpanExporter):
    """Keeps what it exports, and whether the export was acknowledged."""

    def __init__(self, exporter):
        self.exporter, self.spans = exporter, []

    def export(self, spans):
        self.spans.extend(spans)
        result = self.exporter.export(spans)
        assert result is SpanExportResult.SUCCESS, result
        return result


def send_trace(exporter, service):
    both = Both(exporter)
    resource = Resource({"service.name": service, "k8s.pod.name": "pod-1", "process.pid": 4711, "host.up": True, "zones": ["a", "b"]}, "https://opentelemetry.io/schemas/1.30.0")
    provider = TracerProvider(resource=resource, span_limits=SpanLimits(max_span_attributes=64, max_events=4, max_links=4))
    provider.add_span_processor(SimpleSpanProcessor(both))
    tracer = provider.get_tracer("shop.checkout", "1.2.3", "https://opentelemetry.io/schemas/1.29.0", {"scope.kind": "test"})
    with tracer.start_as_current_span("POST /order", kind=SpanKind.SERVER) as root:
        root.set_attributes({"http.response.status_code": 500, "text": "ünïcödé 漢字 🛒", "long": "x" * 70_000, "empty": "", "ratio": 0.25, "big": 2**62, "negative": -1, "ok": False})
        root.set_attributes({"strings": ["a", "", "c"], "ints": [1, 2, 3], "floats": [0.5, 1.5], "bools": [True, False], "none": []})
        root.set_attributes({"Text": "another case", "größe": 3})
        for i in range(6):
            root.add_event(f"event {i}", {"i": i, "why": "because"}, timestamp=1_700_000_000_000_000_000 + i)
        with tracer.start_as_current_span("charge", kind=SpanKind.CLIENT, links=[Link(root.get_span_context(), {"link.reason": "retry"})]) as child:
            child.set_attribute("text", 42)  # the same key with another type
            child.record_exception(ValueError("declined"))
            child.set_status(Status(StatusCode.ERROR, "declined"))
    return root.get_span_context().trace_id, encode_spans(both.spans)


def get(path, accept="application/protobuf"):
    request = urllib.request.Request(f"http://127.0.0.1:{ports['tempo']}{path}", headers={"accept": accept})
    with urllib.request.urlopen(request) as response:
        return response.read()


def normal(data):
    """Spans with their resource and scope, in an order of its own: order of attributes, spans and groups means nothing."""
    def attributes(owner):
        owner_attributes = sorted(owner.attributes, key=lambda a: (a.key, a.SerializeToString(deterministic=True)))
        del owner.attributes[:]
        owner.attributes.extend(owner_attributes)

    spans = []
    for resource_spans in data.resource_spans:
        attributes(resource_spans.resource)
        for scope_spans in resource_spans.scope_spans:
            attributes(scope_spans.scope)
            for span in scope_spans.spans:
                attributes(span)
                if not span.status.ByteSize():
                    span.ClearField("status")  # an empty status is an unset one
                for part in [*span.events, *span.links]:
                    attributes(part)
                where = (resource_spans.resource, resource_spans.schema_url, scope_spans.scope, scope_spans.schema_url)
                spans.append("\n".join(map(str, [*where, span])))
    return sorted(spans)


def difference(sent, back):
    lines = [[line[:200] for line in text.split("\n")] for text in (sent, back)]
    return "\n".join(difflib.unified_diff(*lines, "sent", "came back", lineterm=""))


def expect_back(trace_id, sent, attempts=1):
    for attempt in range(attempts):
        try:
            found = TracesData.FromString(get(f"/api/traces/{trace_id:032x}"))
            if len(normal(found)) == len(normal(TracesData.FromString(sent.SerializeToString()))):
                break
        except urllib.error.HTTPError as error:
            if error.code != 404 or attempt == attempts - 1:
                raise
        time.sleep(0.1)
    wanted = normal(TracesData.FromString(sent.SerializeToString()))
    got = normal(found)
    for a, b in zip(wanted, got):
        assert a == b, difference(a, b)
    assert len(wanted) == len(got) == 2, (len(wanted), len(got))


def check_grpc():
    expect_back(*send_trace(GrpcSpans(endpoint=f"127.0.0.1:{ports['otlp_grpc']}", insecure=True), "py grpc"))


def check_grpc_gzip():
    expect_back(*send_trace(GrpcSpans(endpoint=f"127.0.0.1:{ports['otlp_grpc']}", insecure=True, compression=grpc.Compression.Gzip), "py grpc gzip"))


def check_http():
    expect_back(*send_trace(HttpSpans(endpoint=f"http://127.0.0.1:{ports['otlp_http']}/v1/traces"), "py http"))


def check_http_gzip():
    expect_back(*send_trace(HttpSpans(endpoint=f"http://127.0.0.1:{ports['otlp_http']}/v1/traces", compression=Compression.Gzip), "py http gzip"))


def check_collector():
    """Through the collector, which passes it on as gRPC with gzip, HTTP with protobuf and HTTP with JSON: three times the same spans."""
    trace_id, sent = send_trace(GrpcSpans(endpoint=f"127.0.0.1:{ports['collector_grpc']}", insecure=True), "py collector")
    wanted = normal(TracesData.FromString(sent.SerializeToString()))
    deadline = time.time() + 20
    while time.time() < deadline:
        try:
            got = normal(TracesData.FromString(get(f"/api/traces/{trace_id:032x}")))
            if len(got) == 3 * len(wanted):
                break
        except urllib.error.HTTPError as error:
            assert error.code == 404, error
        time.sleep(0.2)
    assert Counter(got) == Counter({span: 3 for span in wanted}), [Counter(got).values(), difference(wanted[0], got[0])]


def sql(query):
    with flightsql.connect(f"grpc://127.0.0.1:{ports['flight']}", autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetch_arrow_table().to_pylist()


def check_logs():
    import logging

    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

    provider = LoggerProvider(resource=Resource({"service.name": "py logs"}))
    provider.add_log_record_processor(SimpleLogRecordProcessor(GrpcLogs(endpoint=f"127.0.0.1:{ports['otlp_grpc']}", insecure=True)))
    logger = logging.getLogger("interop")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(LoggingHandler(logger_provider=provider))
    logger.error("the card was declined", extra={"order": 17})
    rows = sql("""SELECT body, severity_text, severity_number, "log.order" AS "order", scope_name FROM logs WHERE service_name = 'py logs'""")
    assert rows == [{"body": "the card was declined", "severity_text": "ERROR", "severity_number": 17, "order": 17, "scope_name": "interop"}], rows


def check_metrics():
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

    exporter = GrpcMetrics(endpoint=f"127.0.0.1:{ports['otlp_grpc']}", insecure=True)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    views = [View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())]
    provider = MeterProvider(resource=Resource({"service.name": "py metrics"}), metric_readers=[reader], views=views)
    meter = provider.get_meter("interop")
    meter.create_counter("orders", unit="1", description="orders taken").add(5, {"shop": "a"})
    meter.create_gauge("temperature").set(21.5)
    meter.create_histogram("latency", unit="ms").record(12.0)
    meter.create_histogram("exponential").record(3.0)
    provider.force_flush()
    where = "WHERE service_name = 'py metrics'"
    rows = sql(f'SELECT name, unit, description, value_int, is_monotonic, "metric.shop" AS shop FROM metrics_sum {where}')
    assert rows == [{"name": "orders", "unit": "1", "description": "orders taken", "value_int": 5, "is_monotonic": True, "shop": "a"}], rows
    assert sql(f"SELECT name, value FROM metrics_gauge {where}") == [{"name": "temperature", "value": 21.5}]
    assert [row["name"] for row in sql(f"SELECT name FROM metrics_histogram {where}")] == ["latency"]
    assert [row["name"] for row in sql(f"SELECT name FROM metrics_exponential_histogram {where}")] == ["exponential"]


def check_search():
    trace_id, _ = send_trace(GrpcSpans(endpoint=f"127.0.0.1:{ports['otlp_grpc']}", insecure=True), "py search")
    for query in [
        '{ resource.service.name = "py search" && span.http.response.status_code = 500 && duration > 0ns }',
        '{ resource.service.name = "py search" && status = error && .text = 42 }',
        '{ resource.service.name = "py search" && event.exception.message = "declined" }',
        '{ resource.service.name = "py search" && span.strings = "c" && .größe = 3 && span.Text = "another case" }',
        '{ resource.service.name = "py search" && rootName = "POST /order" && kind = client }',
        '{ resource.service.name = "py search" && link.link.reason = "retry" && instrumentation:name = "shop.checkout" }',
    ]:
        found = json.loads(get(f"/api/search?q={urllib.parse.quote(query)}", "application/json"))["traces"]
        assert [t["traceID"] for t in found] == [f"{trace_id:x}"], (query, found)
        assert found[0]["rootServiceName"] == "py search" and found[0]["rootTraceName"] == "POST /order", found


for name, check in list(globals().items()):
    if name.startswith("check_"):
        try:
            began = time.monotonic()
            check()
            done[name[6:].replace("_", " ")] = f"{time.monotonic() - began:.1f} s"
        except BaseException as error:
            raise RuntimeError(name) from error
print(json.dumps(done))
