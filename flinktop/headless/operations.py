"""`flinktop operations`: the ledger, printed."""

# ruff: noqa: T201 -- printing is the work of this module

import sys
from pathlib import Path

import msgspec

from flinktop.engine.ledger import Ledger, LedgerError
from flinktop.headless.exits import DONE, FAILED
from flinktop.headless.told import as_object, table

MOST = 10_000


def print_operations(path: Path, *, json: bool) -> int:
    """Print what was asked of all clusters, newest first; gives the exit code.

    Args:
        path: the ledger.
        json: as a JSON array.
    """
    ledger = Ledger(path)
    try:
        operations = ledger.operations(MOST)
    except LedgerError as error:
        print(f"flinktop: {error}", file=sys.stderr)
        return FAILED
    finally:
        ledger.close()
        for notice in ledger.take_notices():
            print(f"flinktop: {notice}", file=sys.stderr)
    if json:
        print(msgspec.json.encode([as_object(one) for one in operations]).decode())
    elif operations:
        print("\n".join(table(operations)))
    else:
        print("No operations from this flinktop yet.")
    return DONE
