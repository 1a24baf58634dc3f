"""DuckDB as the writer over REST: it deletes by position files, which PyIceberg doesn't."""

import sys

from connect import answer
from duckdb_extensions import open_duckdb


def main(uri: str) -> None:
    duck = open_duckdb()
    duck.execute(f"ATTACH 'warehouse' AS ice (TYPE iceberg, ENDPOINT '{uri}', AUTHORIZATION_TYPE 'none')")
    duck.execute("CREATE TABLE ice.py.ducks (id BIGINT, name VARCHAR, time TIMESTAMPTZ)")
    for begin in [0, 100]:
        duck.execute(
            f"""INSERT INTO ice.py.ducks
            SELECT i, 'n' || i, TIMESTAMPTZ '2026-01-01' + INTERVAL (i) MINUTE FROM range({begin}, {begin + 100}) t(i)"""
        )
    duck.execute("DELETE FROM ice.py.ducks WHERE id % 10 = 0")
    duck.execute("UPDATE ice.py.ducks SET name = 'x' WHERE id = 5")
    duck.execute("ALTER TABLE ice.py.ducks ADD COLUMN extra INTEGER")
    rows, total = duck.execute("SELECT count(*), sum(id) FROM ice.py.ducks").fetchone()
    answer(rows=rows, sum=int(total))


main(sys.argv[1])
