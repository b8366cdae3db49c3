"""The answer to "why was somebody paged, or nobody?": decisions, each with what it rested on.

Whoever decides says so in its rows and events; this is how it is told. `code` is for scripts and
never changes its meaning; `sentence` is for people at night. `instead` is the nearest change that
would have altered it: a sentence too, and empty where what was told does not say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, JsonValue

Inputs = Mapping[str, JsonValue]
NOBODY = "Nobody was paged"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: when, by which service, by which rule and catalog, from which inputs."""

    at: datetime
    code: str
    sentence: str
    by: str
    rule: str = ""
    catalog_version: int | None = None
    inputs: Inputs = field(default_factory=dict)
    event_id: str | None = None
    instead: str = ""


class DecisionItem(BaseModel):
    """A decision: `rule` is what it followed, `inputs` what it looked at.

    `instead` is the nearest change that would have altered it, or empty.
    """

    at: datetime
    code: str
    sentence: str
    by: str
    rule: str
    catalog_version: int | None
    inputs: dict[str, JsonValue]
    event_id: str | None
    instead: str

    @classmethod
    def of(cls, decision: Decision) -> "DecisionItem":
        """Return the item of a decision."""
        return cls(
            at=decision.at,
            code=decision.code,
            sentence=decision.sentence,
            by=decision.by,
            rule=decision.rule,
            catalog_version=decision.catalog_version,
            inputs=dict(decision.inputs),
            event_id=decision.event_id,
            instead=decision.instead,
        )
