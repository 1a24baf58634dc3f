"""Appends batches to a table again and again, as a writer that competes with others."""

import sys

import pyarrow as pa

from connect import answer, catalog

HOUR_US = 3_600_000_000


def main(uri: str, name: str, writer: int, commits: int, rows: int) -> None:
    table = catalog(uri).load_table(name)
    for commit in range(commits):
        hour = 490_000 + commit % 5
        batch = pa.table(
            {
                "hour": pa.array([hour * HOUR_US] * rows, pa.timestamp("us", tz="UTC")),
                "trace_id": pa.array([f"py{writer:04d}{commit:06d}{row:020d}" for row in range(rows)], pa.string()),
                "start_time": pa.array(list(range(rows)), pa.int64()),
            },
            schema=pa.schema(
                [
                    pa.field("hour", pa.timestamp("us", tz="UTC")),
                    pa.field("trace_id", pa.string(), nullable=False),
                    pa.field("start_time", pa.int64(), nullable=False),
                ]
            ),
        )
        attempt = 0
        while True:
            try:
                table.append(batch)
                break
            except Exception as error:  # PyIceberg gives up after four conflicts; this writer doesn't
                attempt += 1
                if type(error).__name__ != "CommitFailedException" or attempt > 50:
                    raise
                table.refresh()
    answer(rows=commits * rows)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
