"""Tells an outage, which is waited out, from a record that fails for a reason of its own."""

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
    StatementError,
)

from tocsin.errors import Unavailable

# Data exceptions, integrity violations, values beyond a limit of the program: the same values
# fail the same way for ever.
_ABOUT_DATA = ("22", "23", "54")


def is_infrastructure(error: BaseException) -> bool:
    """Return whether the same work may succeed later without being changed.

    A missing table or column counts as well: the line stops until somebody mends it, because
    burying every record would lose what a migration can still save.
    """
    if isinstance(error, IntegrityError | DataError) or _is_about_data(error):
        return False
    if isinstance(error, DBAPIError | SQLAlchemyError):
        return True
    return isinstance(error, OSError | TimeoutError | Unavailable | MemoryError)


def _is_about_data(error: BaseException) -> bool:
    """Return whether the database refused the values, which asyncpg's dialect does not tell."""
    if not isinstance(error, DBAPIError):
        # A value that could not even be handed to the driver.
        return isinstance(error, StatementError) and isinstance(
            error.orig, TypeError | ValueError | ArithmeticError
        )
    state = getattr(error.orig, "sqlstate", None) or ""
    # What asyncpg itself cannot turn into bytes has no state, but is a ValueError too.
    return state.startswith(_ABOUT_DATA) or isinstance(
        getattr(error.orig, "__cause__", None), ValueError
    )
