"""How a postmortem comes to stand: who asked for a review, who published what, and when.

    draft -> in review -> published
      ^---------+------------'   taken back, to be written on

A published version is never changed: taken back and published again it is the next number.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from postmortem.domain.document import Section, Status
from tocsin.errors import Refused
from tocsin.events import Actor


@dataclass(frozen=True, slots=True)
class Basis:
    """The facts that a review began with, so that what came later can be told."""

    digest: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """Where a postmortem stands. `revision` counts every change people made to it.

    `published` is the number of its latest published version, 0 for none.
    """

    postmortem_id: str
    incident_id: str
    status: Status = "draft"
    revision: int = 0
    requested_by: Actor | None = None
    requested_at: datetime | None = None
    basis: Basis | None = None
    published: int = 0

    def changed(self) -> "Review":
        """Return it one change later."""
        return replace(self, revision=self.revision + 1)

    def writable(self) -> None:
        """Refuse where people must not write: a published version stays as it is."""
        if self.status == "published":
            raise Refused(
                f"version {self.published} is published and stays as it is;"
                " take the postmortem back to draft to write the next one"
            )

    def requested(self, basis: Basis, by: Actor, now: datetime, *, is_over: bool) -> "Review":
        """Return it in review, from these facts on."""
        if self.status != "draft":
            raise Refused(f"a review cannot be asked for: it is {self.status} already")
        if not is_over:
            raise Refused("a review cannot be asked for: the incident is not resolved")
        asked = replace(self, status="in-review", requested_by=by, requested_at=now, basis=basis)
        return asked.changed()

    def publication(self, digest: str, seen: str | None, *, is_over: bool) -> "Review":
        """Return it published as the next version.

        Facts that changed during the review are published only by who has `seen` them.
        """
        if self.status != "in-review" or self.basis is None:
            raise Refused(f"it cannot be published: it is {self.status}, not in-review")
        if not is_over:
            raise Refused("it cannot be published: the incident is open again")
        if seen is not None and seen != digest:
            raise Refused(f"digest: the facts are {digest} by now; look at them, and publish again")
        if seen is None and self.basis.digest != digest:
            raise Refused(
                "the facts changed since the review was asked for; look at `changes`, and publish"
                f" with the digest of what you saw: {digest}"
            )
        done = replace(self, status="published", published=self.published + 1, basis=None)
        return done.changed()

    def taken_back(self) -> "Review":
        """Return it as a draft again; what was published stays."""
        if self.status == "draft":
            raise Refused("it is a draft already")
        back = replace(self, status="draft", requested_by=None, requested_at=None, basis=None)
        return back.changed()
