"""Tells an outage, which is waited out, from a record that fails for a reason of its own."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from tocsin.errors import Unavailable


def is_infrastructure(error: BaseException) -> bool:
    """Return whether the same work may succeed later without being changed.

    A missing table or column counts as well: the line stops until somebody mends it, because
    burying every record would lose what a migration can still save.
    """
    if isinstance(error, IntegrityError | DataError):
        return False
    if isinstance(error, DBAPIError | SQLAlchemyError):
        return True
    return isinstance(error, OSError | TimeoutError | Unavailable | MemoryError)
