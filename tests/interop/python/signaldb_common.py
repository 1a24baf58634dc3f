"""What the signaldb_*_checks.py share. Each is called as: python signaldb_X_checks.py FACTS [check_…], with FACTS the JSON of suites/signaldb-sql.ts."""
import json
import os
import sys
import time
import traceback

import adbc_driver_flightsql.dbapi as dbapi
import adbc_driver_manager

facts = json.loads(sys.argv[1])
uris = [f"grpc://127.0.0.1:{port}" for port in facts["routers"]]
uri = uris[0]
call_header = "adbc.flight.sql.rpc.call_header."


def connect(at=uri, tenant=None, **options):
    """A connection by ADBC; options are those of the driver, as they are."""
    kwargs = {**options, **({call_header + "x-scope-orgid": tenant} if tenant else {})}
    return dbapi.connect(at, autocommit=True, db_kwargs=kwargs)


def ask(on, statement, parameters=None):
    """All rows of a statement, as tuples."""
    with on.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def refused(call, *texts, kinds=("INVALID_ARGUMENT", "NOT_FOUND")):
    """Fails unless the call is refused with one of these statuses and all these texts."""
    try:
        answer = call()
    except adbc_driver_manager.Error as error:
        assert any(kind in str(error) for kind in kinds), error
        assert all(text in str(error) for text in texts), (texts, error)
        return
    raise AssertionError(f"it was answered: {answer}")


def resident_mb(pid):
    """A process's resident memory, with that of its children, in MB."""
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    with open(f"/proc/{pid}/statm") as statm:
        pages = int(statm.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 + sum(map(resident_mb, children))


def run_checks(names):
    """Runs every check_… function, though one before it failed, and prints how long each took as the last line."""
    done, failed = {}, []
    for name, check in list(names.items()):
        if name.startswith("check_") and (len(sys.argv) < 3 or name in sys.argv[2:]):
            began = time.monotonic()
            try:
                check()
            except BaseException:
                print(f"{name}: {traceback.format_exc(limit=-4)}", file=sys.stderr)
                failed.append(name)
            done[name[6:].replace("_", " ")] = f"{time.monotonic() - began:.1f} s"
    print(json.dumps(done))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
