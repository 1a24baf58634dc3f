"""PyIceberg as the writer: namespaces, a partitioned table, appends, evolution, deletes, branches, renaming."""

import datetime
import sys

import pyarrow as pa
from pyiceberg.exceptions import (
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import BucketTransform, HourTransform, IdentityTransform
from pyiceberg.types import ListType, LongType, NestedField, StringType, TimestamptzType

from connect import answer, catalog


def refused(error, act, *args, **kwargs):
    try:
        act(*args, **kwargs)
    except error:
        return
    raise AssertionError(f"{act.__name__}{args} should have raised {error.__name__}")


def rows(begin: int, count: int) -> pa.Table:
    start = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
    ids = list(range(begin, begin + count))
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "time": pa.array([start + datetime.timedelta(minutes=20 * i) for i in ids], pa.timestamp("us", tz="UTC")),
            "name": pa.array([f"name {i % 7}" for i in ids], pa.string()),
            "tags": pa.array([["a", None, str(i)] for i in ids], pa.list_(pa.string())),
        },
        schema=pa.schema(
            [
                pa.field("id", pa.int64(), nullable=False),
                pa.field("time", pa.timestamp("us", tz="UTC")),
                pa.field("name", pa.string()),
                pa.field("tags", pa.list_(pa.string())),
            ]
        ),
    )


def main(uri: str) -> None:
    c = catalog(uri)
    c.create_namespace("py", {"owner": "python"})
    refused(NamespaceAlreadyExistsError, c.create_namespace, "py")
    assert ("py",) in c.list_namespaces()
    c.update_namespace_properties("py", updates={"x": "1"}, removals={"owner"})
    assert c.load_namespace_properties("py") == {"x": "1"}
    refused(NoSuchNamespaceError, c.load_namespace_properties, "none")
    refused(NoSuchTableError, c.load_table, "py.none")

    schema = Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "time", TimestamptzType()),
        NestedField(3, "name", StringType()),
        NestedField(4, "tags", ListType(5, StringType(), element_required=False)),
    )
    spec = PartitionSpec(
        PartitionField(2, 1000, HourTransform(), "time_hour"), PartitionField(3, 1001, BucketTransform(4), "name_bucket")
    )
    order = SortOrder(SortField(1, IdentityTransform()))
    table = c.create_table("py.events", schema, partition_spec=spec, sort_order=order)
    refused(TableAlreadyExistsError, c.create_table, "py.events", schema)
    refused(NamespaceNotEmptyError, c.drop_namespace, "py")

    table.append(rows(0, 100))
    table.append(rows(100, 100))
    assert c.load_table("py.events").scan().to_arrow().num_rows == 200

    with table.update_schema() as update:
        update.add_column("extra", LongType())
        update.rename_column("name", "label")
    with table.transaction() as transaction:
        transaction.set_properties({"answer": "42"})
    more = rows(200, 50).rename_columns(["id", "time", "label", "tags"])
    table.append(more.append_column("extra", pa.array(range(50), pa.int64())))
    table.delete("id < 10")
    table.overwrite(
        more.slice(0, 5).append_column("extra", pa.array([7] * 5, pa.int64())), overwrite_filter="id >= 200 and id < 210"
    )
    with table.update_spec() as update:
        update.remove_field("name_bucket")
    table.append(rows(300, 10).rename_columns(["id", "time", "label", "tags"]))
    with table.manage_snapshots() as manage:
        manage.create_tag(table.current_snapshot().snapshot_id, "v1")

    created = c.create_table_transaction("py.staged", schema)
    created.append(rows(0, 3))
    created.commit_transaction()
    c.rename_table("py.staged", "py.renamed")
    assert not c.table_exists("py.staged")
    assert c.load_table("py.renamed").scan().to_arrow().num_rows == 3
    location = c.load_table("py.renamed").metadata_location
    c.drop_table("py.renamed")
    assert c.register_table("py.again", location).scan().to_arrow().num_rows == 3
    c.purge_table("py.again")
    refused(NoSuchTableError, c.load_table, "py.again")

    loaded = c.load_table("py.events")
    result = loaded.scan().to_arrow()
    answer(
        rows=result.num_rows,
        sum=sum(result["id"].to_pylist()),
        snapshots=len(loaded.metadata.snapshots),
        hours=loaded.scan("time >= '2026-03-02T00:00:00+00:00'").to_arrow().num_rows,
    )


main(sys.argv[1])
