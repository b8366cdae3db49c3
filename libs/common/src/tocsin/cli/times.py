"""Instants as people write and read them on a command line."""

from datetime import UTC, datetime

from tocsin import durations
from tocsin.cli.failure import UsageError


def instant(text: str, now: datetime) -> datetime:
    """Return the instant that `text` says: RFC 3339, or a duration from now (`2h`)."""
    try:
        return now + durations.parse(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is neither a time (2026-01-05T09:00:00Z) nor a duration from now (2h)"
        ) from error
    if found.tzinfo is None:
        raise UsageError(f"{text!r} has no offset; write Z or +01:00 behind it")
    return found.astimezone(UTC)


def rfc3339(at: datetime) -> str:
    """Return an instant as the services write it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown(text: object) -> str:
    """Return an instant of an answer as people read it; nothing for none."""
    if not text:
        return ""
    try:
        return datetime.fromisoformat(str(text)).strftime("%Y-%m-%d %H:%M:%S %Z")
    except ValueError:
        return str(text)
