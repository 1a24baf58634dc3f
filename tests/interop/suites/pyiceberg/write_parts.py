"""Writes Parquet files as SignalDB's writer would have uploaded them: no field ids (a name mapping tells), one hour each."""

import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq

from connect import answer

HOUR_US = 3_600_000_000


def main(folder: str, first: int, files: int, rows: int, columns: str) -> None:
    os.makedirs(folder, exist_ok=True)
    parts = []
    for i in range(files):
        hour = 490_000 + (first + i) % 5
        ids = [f"{first + i:08x}{row:024x}" for row in range(rows)]
        table = {
            "hour": pa.array([hour * HOUR_US] * rows, pa.timestamp("us", tz="UTC")),
            "trace_id": pa.array(ids, pa.string()),
            "start_time": pa.array([hour * HOUR_US * 1000 + row for row in range(rows)], pa.int64()),
        }
        for column in filter(None, columns.split(",")):
            table[column] = pa.array([f"{column} {row % 3}" for row in range(rows)], pa.string())
        path = os.path.join(folder, f"part-{first + i}.parquet")
        pq.write_table(pa.table(table), path, compression="zstd")
        parts.append({"path": path, "bytes": os.path.getsize(path), "rows": rows, "hour": hour})
    answer(parts=parts)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] if len(sys.argv) > 5 else "")
