"""Pages that are open: who was asked together, and who of them cannot be reached."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from escalation.domain.incident import Incident
from escalation.domain.pages import Request
from escalation.domain.resolution import Found
from tocsin.events import PageEvent, PageRequested, PageWithdrawn

MOST_OPEN = 500  # An incident nobody answers for days must not grow without end.


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page that was asked for and not withdrawn; level 0 is the last resort.

    `asked` is the incident's version at which this person was asked for by name; 0: they were not.
    `cycle` is that of the climb then; 0: of a release that did not keep it. `is_spared`: somebody
    who was asked together with them has answered for themselves.
    """

    page_id: str
    responder: str
    level: int
    loop: int
    is_unreachable: bool = False
    is_shadow: bool = False
    asked: int = 0
    cycle: int = 0
    is_spared: bool = False

    @classmethod
    def of(cls, page: PageRequested, found: Found, request: Request) -> "OpenPage":
        """Return what is kept of a page, and of why it went to this person."""
        return cls(
            page.page_id,
            page.responder,
            page.level,
            page.loop,
            is_shadow=found.is_shadow,
            asked=request.asked,
            cycle=request.cycle,
        )

    @property
    def is_of_last_resort(self) -> bool:
        """Whether it went to the last resort: not by name, where there are no levels."""
        return not (self.level or self.asked)

    @property
    def together(self) -> tuple[int, ...]:
        """What the pages that were asked for together have in common."""
        return (self.asked,) if self.asked else (0, self.cycle, self.loop, self.level)


def withdrawn(incident: Incident, pages: Sequence[OpenPage], reason: str) -> tuple[PageEvent, ...]:
    """Return the withdrawal of each of these pages."""
    return tuple(
        PageWithdrawn(
            incident_id=incident.incident_id,
            page_id=page.page_id,
            responder=page.responder,
            reason=reason,
        )
        for page in pages
    )


def without_hope(pages: Sequence[OpenPage], page_id: str) -> tuple[OpenPage, ...]:
    """Return the pages with this one marked as not reaching its responder."""
    return tuple(
        replace(page, is_unreachable=True) if page.page_id == page_id else page for page in pages
    )


def without(pages: Sequence[OpenPage], gone: Sequence[OpenPage]) -> tuple[OpenPage, ...]:
    """Return the pages without those of somebody who has answered for themselves."""
    spared = {one.together for one in gone if not one.is_shadow}
    left = (one for one in pages if one not in gone)
    return tuple(replace(one, is_spared=True) if one.together in spared else one for one in left)


def is_hopeless(pages: Sequence[OpenPage], lost: OpenPage) -> bool:
    """Return whether none of those asked together with this one can be reached.

    Shadows answer for nothing.
    """
    together = [one for one in pages if one.together == lost.together and not one.is_shadow]
    return not lost.is_shadow and all(one.is_unreachable for one in together)


def bounded(
    pages: tuple[OpenPage, ...],
) -> tuple[tuple[OpenPage, ...], tuple[OpenPage, ...]]:
    """Return the latest pages to keep open, and the oldest, which are too many."""
    over = max(0, len(pages) - MOST_OPEN)
    return pages[over:], pages[:over]
