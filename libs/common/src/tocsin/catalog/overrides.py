"""Overrides: for a span of time somebody else answers for a schedule, as a document says it."""

from pydantic import ConfigDict, Field, model_validator

from tocsin.catalog.schedules import Participant
from tocsin.catalog.spec import Name, Spec
from tocsin.catalog.times import Time


class Override(Spec):
    """From a time until another, who answers for a schedule.

    `add` is on call as well; `remove` is not; both together replace, while somebody of `remove` is
    on call; `cover` is on call instead of everybody (`[]`: nobody is). Times without an offset are
    on the clock of the schedule's zone. Of overrides that conflict, the one changed last wins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schedule: Name
    from_: Time = Field(alias="from")
    until: Time
    add: Participant = ()
    remove: Participant = ()
    cover: Participant | None = None
    reason: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _says_something(self) -> "Override":
        changes = bool(self.add or self.remove)
        if changes == (self.cover is not None):
            raise ValueError("an override says `add`, `remove` or both, or else `cover`")
        if bool(self.from_.tzinfo) == bool(self.until.tzinfo) and self.from_ >= self.until:
            raise ValueError("`until` is not after `from`")
        return self
