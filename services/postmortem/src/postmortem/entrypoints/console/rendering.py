"""Templates to pages: everything escaped, nothing inline, one policy for all."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from postmortem.domain.visible import visible
from tocsin.clock import Clock

FOLDER = "entrypoints/console"
LONGEST = 300
# Nothing inline runs, nothing comes from elsewhere, nothing frames it: what is shown are
# strangers' words.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Nothing to other sites; with no-referrer, our own forms would come from the origin "null".
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load; its address changes with its bytes, so it is kept for good."""

    name: str
    body: bytes
    kind: str

    @property
    def address(self) -> str:
        """Where it is."""
        return f"/static/{hashlib.sha256(self.body).hexdigest()[:12]}/{self.name}"


@cache
def assets() -> Mapping[str, Asset]:
    """Return the files that pages load, by address."""
    found = [one for one in (files("postmortem") / FOLDER / "static").iterdir() if one.is_file()]
    made = [
        Asset(one.name, one.read_bytes(), mimetypes.guess_type(one.name)[0] or "text/plain")
        for one in found
    ]
    return {one.address: one for one in made}


class Pages:
    """Renders the templates of the console."""

    def __init__(self, clock: Clock) -> None:
        """Tell ages by this clock."""
        self._clock = clock
        self._environment = Environment(
            loader=PackageLoader("postmortem", f"{FOLDER}/templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "words": words,
            "all_words": visible,
            "lines": lambda text: visible(text, lines=True),
            "clock": clock_time,
            "iso": lambda at: at.astimezone(UTC).isoformat(timespec="seconds"),
        }
        self._environment.globals["asset"] = {one.name: one.address for one in assets().values()}

    def show(self, template: str, status: int = 200, **given: Any) -> HTMLResponse:  # noqa: ANN401 - what a template needs.
        """Return a page."""
        now = self._clock.now()
        made = self._environment.get_template(template)
        text = made.render(now=now, age=lambda at: age(at, now), **given)
        return HTMLResponse(text, status_code=status, headers=HEADERS)


def words(text: str) -> str:
    """Return what somebody wrote, on one line that shows everything and ends somewhere."""
    found = visible(text[: LONGEST + 1])
    return found if len(text) <= LONGEST else found[: LONGEST - 1] + "…"


def clock_time(at: datetime) -> str:
    """Return an instant as the console writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def age(at: datetime, now: datetime) -> str:
    """Return how long ago, or how far ahead, an instant is, in one unit that a tired eye reads."""
    seconds = int(abs((now - at) / timedelta(seconds=1)))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            said = f"{seconds // size} {unit}"
            return said + " ago" if at <= now else "in " + said
    return "just now" if at <= now else "in a moment"
