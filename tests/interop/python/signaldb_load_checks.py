"""Many connections, large results with flat memory, cancellation, and clients that vanish."""
import os
import subprocess
import sys
import threading
import time

import pyarrow as pa
import pyarrow.flight as fl
from signaldb_common import ask, connect, facts, resident_mb, run_checks, uri, uris

rows = 5_000_000
large = f"SELECT range AS i, range::DOUBLE AS f, 'text ' || (range % 1000) AS t FROM range({rows})"
endless = "SELECT a.range AS i, md5(a.range::VARCHAR) AS t FROM range(1000000000) a"
heavy = "SELECT count(*) FROM range(1000000000) WHERE md5(range::VARCHAR) LIKE 'fff%'"


def memory_mb():
    return sum(map(resident_mb, facts["pids"]))


def cpu_seconds(pid):
    """Of a process and its children."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_seconds, children))


def idle():
    """Waits until the servers have nothing to do: less than a tenth of a CPU for a second."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        before = sum(map(cpu_seconds, facts["pids"]))
        time.sleep(1)
        if sum(map(cpu_seconds, facts["pids"])) - before < 0.2:
            return True
    return False


def check_fifty_connections_at_once():
    problems = []

    def work(i):
        try:
            with connect(uris[i % len(uris)]) as connection:
                for n in range(4):
                    assert ask(connection, "SELECT count(*), ? FROM range(100000)", (i * 10 + n,)) == [(100_000, i * 10 + n)]
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, (len(problems), problems[0])


def check_five_million_rows_with_flat_memory():
    ask(connection := connect(), "SELECT 1")
    samples, ended = [memory_mb()], threading.Event()

    def sample():
        while not ended.wait(0.05):
            samples.append(memory_mb())

    watch = threading.Thread(target=sample)
    watch.start()
    count = total = 0
    with connection, connection.cursor() as cursor:
        cursor.execute(large)
        for batch in cursor.fetch_record_batch():
            count += batch.num_rows
            total += pa.compute.sum(batch.column(0)).as_py()
    ended.set()
    watch.join()
    assert (count, total) == (rows, rows * (rows - 1) // 2)
    grown = max(samples) - samples[0]
    assert grown < 400, f"{rows} rows, about 180 MB, took {grown:.0f} MB more memory"


def check_slow_readers_hold_little():
    before, readers = memory_mb(), []
    for _ in range(8):
        client = fl.connect(uri)
        info = client.get_flight_info(fl.FlightDescriptor.for_command(endless.encode()))
        reader = client.do_get(info.endpoints[0].ticket)
        reader.read_chunk()
        readers.append((client, reader))
    assert idle(), "queries went on though nobody reads"
    grown = memory_mb() - before
    for client, reader in readers:
        reader.cancel()
        client.close()
    assert grown < 8 * 64, f"8 readers that don't read hold {grown:.0f} MB"
    with connect() as connection:
        assert ask(connection, "SELECT 1") == [(1,)]


def check_cancellation():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(endless)
        reader = cursor.fetch_record_batch()
        reader.read_next_batch()
        cursor.adbc_cancel()
        assert idle(), "a cancelled query went on"
    with connect() as connection, connection.cursor() as cursor:
        timer = threading.Timer(0.5, cursor.adbc_cancel)
        timer.start()
        try:
            cursor.execute(heavy)
            cursor.fetchall()
        except Exception as error:
            assert "cancel" in str(error).lower(), error
        else:
            raise AssertionError("it was not cancelled")
    assert idle(), "a cancelled query went on"


def check_deadlines():
    with connect(**{"adbc.flight.sql.rpc.timeout_seconds.fetch": "0.5", "adbc.flight.sql.rpc.timeout_seconds.query": "0.5"}) as connection:
        try:
            ask(connection, heavy)
        except Exception as error:
            assert "deadline" in str(error).lower() or "timeout" in str(error).lower(), error
        else:
            raise AssertionError("there was no deadline")
    assert idle(), "a query went on after its deadline"


def check_clients_that_vanish():
    program = (
        "import os, sys, pyarrow.flight as fl\n"
        "client = fl.connect(sys.argv[1])\n"
        "info = client.get_flight_info(fl.FlightDescriptor.for_command(sys.argv[2].encode()))\n"
        "client.do_get(info.endpoints[0].ticket).read_chunk()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    for _ in range(3):
        clients = [subprocess.Popen([sys.executable, "-c", program, uri, endless]) for _ in range(8)]
        assert [client.wait() for client in clients] == [-9] * 8
    assert idle(), "queries of clients that are gone went on"
    with connect() as connection:
        assert ask(connection, "SELECT 1") == [(1,)]


run_checks(globals())
