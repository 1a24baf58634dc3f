"""Arrow IPC streams by arrow-rs (through arro3): `ipc_rust.py write [all]`, `ipc_rust.py read FILE`, as ipc_streams.py."""
import base64
import io
import json
import sys

import arro3.io
import pyarrow as pa
from ipc_streams import columns, refused, shares
from plain_values import plain


def write(table, compression):
    sink = io.BytesIO()
    arro3.io.write_ipc_stream(table, sink, compression=compression)
    return base64.b64encode(sink.getvalue()).decode()


def case(name, array, compression):
    # Slices of unions come out wrong in arrow-rs 59 itself, those of structs of views panic.
    parts = (array, array) if "union" in name or name.startswith("struct<x") else (array, array.slice(3, 4), array.slice(2, 0), array)
    batches = [pa.record_batch([part], ["c"]) for part in parts]
    values = [value for batch in batches for value in plain(batch.column(0))]
    return dict(name=name, stream=write(pa.Table.from_batches(batches), compression), columns=[values])


def write_all(every):
    turn = 0
    for share, null in shares.items():
        for name, array in columns(null):
            turn += 1
            for form, compression in enumerate([None, "LZ4", "ZSTD"]):
                if every or form == turn % 3:
                    yield case(f"{name}, {share}, {compression}", array, compression)
    for name, array in refused():
        yield dict(name=str(array.type), stream=write(pa.table([array], ["c"]), None), refused=name)


def read(stream):
    try:
        table = pa.table(arro3.io.read_ipc_stream(io.BytesIO(base64.b64decode(stream))))
        table.validate(full=True)
        metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        return dict(columns=[plain(column) for column in table.columns], metadata=metadata)
    except BaseException as error:  # noqa: BLE001 (a panic in Rust is no Exception)
        return dict(error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    result = list(write_all("all" in sys.argv)) if sys.argv[1] == "write" else [read(stream) for stream in json.load(open(sys.argv[2]))]
    print(json.dumps(result))
