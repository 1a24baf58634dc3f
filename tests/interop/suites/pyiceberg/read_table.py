"""Reads a table over REST, by its metadata file alone, and with DuckDB's iceberg extension."""

import sys

from pyiceberg.table import StaticTable

from connect import answer, catalog
from duckdb_extensions import open_duckdb


def facts(table):
    result = table.scan(selected_fields=("trace_id",)).to_arrow()
    return {
        "rows": result.num_rows,
        "distinct": len(set(result["trace_id"].to_pylist())),
        "files": len(list(table.scan().plan_files())),
        "columns": [field.name for field in table.schema().fields],
    }


def main(uri: str, name: str) -> None:
    table = catalog(uri).load_table(name)
    location = table.metadata_location
    one_hour = table.scan("hour = '2025-11-24T16:00:00+00:00'")
    path = location.removeprefix("file://")
    duck = open_duckdb()
    duck_rows, duck_distinct, duck_hours = duck.execute(
        f"SELECT count(*), count(DISTINCT trace_id), count(DISTINCT hour) FROM iceberg_scan('{path}')"
    ).fetchone()
    answer(
        rest=facts(table),
        static=facts(StaticTable.from_metadata(location)),
        one_hour={"rows": one_hour.to_arrow().num_rows, "files": len(list(one_hour.plan_files()))},
        duckdb={"rows": duck_rows, "distinct": duck_distinct, "hours": duck_hours},
    )


main(sys.argv[1], sys.argv[2])
