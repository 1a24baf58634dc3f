"""Writes the golden files beside it with PyIceberg (pip install pyiceberg[sql-sqlite]==0.12.0 pyiceberg-core==0.11.0 pyarrow==26.0.1)."""

import datetime
import decimal
import json
import os
import shutil
import tempfile
import uuid

import pyarrow as pa
from pyiceberg.catalog.memory import InMemoryCatalog
from pyiceberg.conversions import to_bytes
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

decimal.getcontext().prec = 60

HERE = os.path.dirname(os.path.abspath(__file__))

VALUES = [
    (BooleanType(), [True, False]),
    (IntegerType(), [0, 1, -1, 34, 2**31 - 1, -(2**31)]),
    (LongType(), [0, 1, -1, 34, 2**53 + 1, 2**63 - 1, -(2**63)]),
    (FloatType(), [0.0, 1.5, -2.25, 3.4028234663852886e38]),
    (DoubleType(), [0.0, 1.5, -2.25, 1.7976931348623157e308, 5e-324]),
    (DateType(), [0, 1, -1, 17_486, 20_000]),
    (TimeType(), [0, 81_068_000_000]),
    (TimestampType(), [0, 1, -1, 1_510_871_468_000_000, -1_510_871_468_000_001]),
    (TimestamptzType(), [0, 1_772_323_200_000_000, 1_772_323_199_999_999]),
    (StringType(), ["", "iceberg", "naïve ☃", "🐘🐘🐘", "a" * 100]),
    (UUIDType(), [uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7")]),
    (BinaryType(), [b"", b"\x00\x01\x02\x03", b"\xff" * 9]),
    (FixedType(4), [b"\x00\x01\x02\x03"]),
    (DecimalType(9, 2), [decimal.Decimal("14.20"), decimal.Decimal("-0.01"), decimal.Decimal("0.00")]),
    (DecimalType(38, 0), [decimal.Decimal(2**100), decimal.Decimal(-(2**100)), decimal.Decimal(128), decimal.Decimal(-128)]),
]

TRANSFORMS = ["identity", "year", "month", "day", "hour", "void", "bucket[16]", "bucket[1000]", "truncate[1]", "truncate[10]"]


def plain(value):
    """As our tests write values: text for what JSON can't hold."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return {"bigint": str(int(value.scaleb(-value.as_tuple().exponent)))}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return {"bigint": str(value)}
    return value


def values():
    lines = []
    for kind, samples in VALUES:
        for value in samples:
            results = {}
            for name in TRANSFORMS:
                transform = parse_transform(name)
                if transform.can_transform(kind):
                    results[name] = plain(transform.transform(kind)(value))
            lines.append(json.dumps({"type": str(kind), "value": plain(value), "bytes": to_bytes(kind, value).hex(), "transforms": results}))
    with open(os.path.join(HERE, "values.jsonl"), "w") as file:
        file.write("\n".join(lines) + "\n")


COLUMNS = [
    ("id", LongType(), pa.int64(), "identity"),
    ("flag", BooleanType(), pa.bool_(), "identity"),
    ("small", IntegerType(), pa.int32(), "truncate[10]"),
    ("ratio", DoubleType(), pa.float64(), None),
    ("day", DateType(), pa.date32(), "identity"),
    ("time", TimestamptzType(), pa.timestamp("us", tz="UTC"), "hour"),
    ("local", TimestampType(), pa.timestamp("us"), "month"),
    ("name", StringType(), pa.string(), "bucket[4]"),
    ("raw", BinaryType(), pa.binary(), None),
    ("price", DecimalType(9, 2), pa.decimal128(9, 2), "identity"),
]


def table():
    folder = tempfile.mkdtemp()
    catalog = InMemoryCatalog("golden", warehouse=f"file://{folder}")
    catalog.create_namespace("ns")
    schema = Schema(*[NestedField(i + 1, name, kind) for i, (name, kind, _, _) in enumerate(COLUMNS)])
    fields = [(i + 1, name, transform) for i, (name, _, _, transform) in enumerate(COLUMNS) if transform]
    spec = PartitionSpec(
        *[
            PartitionField(source, 1000 + i, parse_transform(transform), name if transform == "identity" else f"{name} part")
            for i, (source, name, transform) in enumerate(fields)
        ]
    )
    made = catalog.create_table("ns.t", schema, partition_spec=spec)
    start = datetime.datetime(2026, 3, 1, 10, 59, 59, 999_999)
    rows = {
        "id": [2**53 + 1, None],
        "flag": [True, False],
        "small": [-7, 25],
        "ratio": [float("nan"), 1.5],
        "day": [start.date(), None],
        "time": [start.replace(tzinfo=datetime.timezone.utc), None],
        "local": [start, datetime.datetime(1969, 12, 31, 23, 59)],
        "name": ["née", None],
        "raw": [b"\x00\xff", None],
        "price": [decimal.Decimal("-12.34"), decimal.Decimal("99999.99")],
    }
    arrow = pa.table({name: pa.array(rows[name], kind) for name, _, kind, _ in COLUMNS})
    made.append(arrow)
    made.append(arrow.slice(0, 1))
    made.delete("flag = false")
    made = catalog.load_table("ns.t")
    snapshot = made.current_snapshot()
    manifests = snapshot.manifests(made.io)
    expected = []
    for i, manifest in enumerate(manifests):
        shutil.copy(manifest.manifest_path.removeprefix("file://"), os.path.join(HERE, f"manifest-{i}.avro"))
        entries = manifest.fetch_manifest_entry(made.io, discard_deleted=False)
        expected.append(
            {
                "path": manifest.manifest_path,
                "sequence": manifest.sequence_number,
                "counts": [manifest.added_files_count, manifest.existing_files_count, manifest.deleted_files_count],
                "entries": [
                    {
                        "status": entry.status.value,
                        "snapshot": {"bigint": str(entry.snapshot_id)},
                        "sequence": entry.sequence_number,
                        "path": entry.data_file.file_path,
                        "rows": entry.data_file.record_count,
                        "partition": [plain(part(value)) for value in entry.data_file.partition],
                        "nulls": dict(entry.data_file.null_value_counts),
                        "nans": dict(entry.data_file.nan_value_counts or {}),
                        "lower": {k: v.hex() for k, v in entry.data_file.lower_bounds.items()},
                        "upper": {k: v.hex() for k, v in entry.data_file.upper_bounds.items()},
                    }
                    for entry in entries
                ],
            }
        )
    shutil.copy(snapshot.manifest_list.removeprefix("file://"), os.path.join(HERE, "manifest-list.avro"))
    shutil.copy(made.metadata_location.removeprefix("file://"), os.path.join(HERE, "table.metadata.json"))
    with open(os.path.join(HERE, "expected.json"), "w") as file:
        json.dump(expected, file, indent=1)
        file.write("\n")
    shutil.rmtree(folder)


def part(value):
    """A date or time of a partition tuple as the integer that the specification stores."""
    if isinstance(value, datetime.datetime):
        return int(value.timestamp() * 1_000_000)
    if isinstance(value, datetime.date):
        return (value - datetime.date(1970, 1, 1)).days
    return value


values()
table()
