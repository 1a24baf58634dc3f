"""Reads SignalDB's own tables by their metadata files alone: every column, with PyIceberg and with DuckDB."""

import json
import sys

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.table import StaticTable

from connect import answer
from duckdb_extensions import open_duckdb


def value_count(column) -> int:
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pc.sum(pc.list_value_length(column)).as_py() or 0
    return len(column) - column.null_count


def facts(duck, location: str, number: str) -> dict:
    table = StaticTable.from_metadata(location)
    rows = table.scan().to_arrow()
    path = location.removeprefix("file://")
    duck.execute(f"CREATE OR REPLACE TABLE copy AS SELECT * FROM iceberg_scan('{path}')")
    count, total = duck.execute(f'SELECT count(*), sum("{number}")::DOUBLE FROM copy').fetchone()
    # Elements of lists, as PyIceberg gives empty ones for null.
    terms = [
        f'coalesce(sum(len("{name}")), 0)::BIGINT' if kind.endswith("[]") else f'count("{name}")'
        for name, kind, *_ in duck.execute("DESCRIBE copy").fetchall()
    ]
    values = duck.execute(f"SELECT {', '.join(terms)} FROM copy").fetchone()
    return {
        "rows": rows.num_rows,
        "sum": pc.sum(pc.cast(rows[number], "float64")).as_py(),
        "values": [value_count(column) for column in rows.columns],
        "duckdb": {"rows": count, "sum": total, "values": list(values)},
    }


def main(tables: dict) -> None:
    duck = open_duckdb()
    answer(**{name: facts(duck, *table) for name, table in tables.items()})


main(json.loads(sys.argv[1]))
