"""An outage is waited out; a record that fails for a reason of its own is not."""

import pytest
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tocsin.errors import InputError, Refused, Unavailable, Undecodable
from tocsin.failures import is_infrastructure

BELOW = Exception("below")


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (OperationalError("SELECT", {}, BELOW), True),
        (InterfaceError("SELECT", {}, BELOW), True),
        (PoolTimeoutError("the pool is exhausted"), True),
        (ProgrammingError("no such column", {}, BELOW), True),  # A migration is missing: wait.
        (Unavailable("Kafka"), True),
        (ConnectionRefusedError(), True),
        (OSError(28, "No space left on device"), True),
        (TimeoutError(), True),
        (MemoryError(), True),
        (IntegrityError("INSERT", {}, BELOW), False),
        (DataError("INSERT", {}, BELOW), False),
        (ValueError("x"), False),
        (KeyError("x"), False),
        (AssertionError(), False),
        (InputError("x"), False),
        (Refused("x"), False),
        (Undecodable("x"), False),
        (RecursionError(), False),
    ],
)
def test_what_is_an_outage(error: Exception, *, outage: bool) -> None:
    assert is_infrastructure(error) is outage
