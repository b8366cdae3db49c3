"""What an event says of a decision, and what the story so far makes of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatch

from tocsin.events import Event
from tocsin.why import Inputs

Said = tuple[str, str, str, Inputs]  # A code, a sentence, the rule, and what it looked at.


@dataclass
class Story:
    """What is known of the incident so far, while its events are gone through in order.

    `at` is when the event was told, as a person reads it. `answered` is why nobody is paged for
    now, `nobody` why nobody could be found: ends of a sentence. `paged` are those of the pages.
    """

    at: str = ""
    answered: str = ""
    nobody: str = ""
    paged: list[str] = field(default_factory=list)
    started: bool = False


@singledispatch
def say(event: Event, story: Story) -> Iterable[Said]:
    """Say what was decided; nothing of commands on their way, notes and drafts."""
    del event, story
    return ()


def via(way: str) -> str:
    """Return by which way, as the end of a sentence."""
    return f" by {way}" if way else ""


def names(people: Iterable[str]) -> str:
    """Return names as a list in a sentence."""
    return ", ".join(people)


def times(number: int) -> str:
    """Return how often."""
    return "once" if number == 1 else f"{number} times"
