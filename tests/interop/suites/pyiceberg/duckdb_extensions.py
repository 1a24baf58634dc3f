"""DuckDB with its Iceberg extension, loaded from the Python packages that carry it."""

import importlib
import os

import duckdb


def open_duckdb():
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ["avro", "httpfs", "iceberg"]:
        module = importlib.import_module(f"duckdb_extension_{name}")
        folder = os.path.join(os.path.dirname(module.__file__), "extensions", f"v{duckdb.__version__}")
        connection.execute(f"LOAD '{os.path.join(folder, name)}.duckdb_extension'")
    return connection
