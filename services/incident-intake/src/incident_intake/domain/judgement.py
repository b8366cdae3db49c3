"""What was decided about an alert, kept with it: for whoever asks why nobody was paged."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Code = Literal["opened", "grouped", "fired-again", "silenced", "passed-over"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision: what, when, by which rule and which version of the catalog.

    An alert keeps one of each kind, the latest: its repeats never make it larger.
    """

    code: Code
    at: datetime
    rule: str
    catalog_version: int
