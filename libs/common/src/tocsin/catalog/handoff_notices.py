"""How long before a handoff a person is told of it, in the catalog."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from tocsin.catalog.spec import Spec
from tocsin.durations import Duration

QUIET = ("email", "slack")  # Channels that wake nobody, the least loud first.
SHORTEST_LEAD, LONGEST_LEAD = timedelta(minutes=5), timedelta(weeks=1)


def _lead(duration: timedelta) -> timedelta:
    if not SHORTEST_LEAD <= duration <= LONGEST_LEAD:
        raise ValueError("is how long before a handoff: from 5m to 1w")
    return duration


Leads = Annotated[tuple[Annotated[Duration, AfterValidator(_lead)], ...], Field(max_length=5)]


class HandoffNotices(Spec):
    """How long before they go on call, and off it, a person is told.

    By the named contact method; without one by mail or chat, and never by one that may wake.
    """

    on_call: Leads = ()
    off_call: Leads = ()
    contact_method: str | None = None
