"""The time zone in which somebody looks at a page: what they chose last, kept in a cookie."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from tocsin.catalog import Catalog

COOKIE = "tocsin-zone"
KEPT_FOR = 365 * 86_400
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Chosen:
    """A zone, and what was `asked` for in this very request; `wrong` says what is amiss with it."""

    zone: ZoneInfo
    asked: str | None = None
    wrong: str = ""

    def keep(self, response: Response) -> None:
        """Remember what was asked for, where it can be used; nothing asked is the default again."""
        if self.asked and not self.wrong:
            response.set_cookie(
                COOKIE, self.asked, max_age=KEPT_FOR, path="/", httponly=True, samesite="lax"
            )
        elif self.asked == "":
            response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def chosen(request: Request, default: str) -> Chosen:
    """Return the zone asked for, else the one that was chosen last, else the default."""
    asked = request.query_params.get("zone")
    kept = asked if asked is not None else request.cookies.get(COOKIE, "")
    if not kept:
        return Chosen(ZoneInfo(default), asked)
    zone = zone_named(kept)
    if zone is not None:
        return Chosen(zone, asked)
    wrong = f"zone: {kept[:LONGEST]!r} is not an IANA time zone; write one as Europe/Paris"
    return Chosen(ZoneInfo(default), asked, wrong if asked is not None else "")


def offered(catalog: Catalog, *first: str) -> Sequence[str]:
    """Return the zones that somebody here is likely to want, these first."""
    zones = {spec.time_zone for spec in catalog.specs.values() if hasattr(spec, "time_zone")}
    return list(dict.fromkeys([*(one for one in first if one), "UTC", *sorted(zones)]))


def zone_named(name: str) -> ZoneInfo | None:
    """Return the zone of this name, if there is one."""
    if len(name) > LONGEST:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
