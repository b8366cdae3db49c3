"""Alertmanager: time intervals of weekdays, times, days, months and years, each in its zone."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from dev.vectors.cases import Ask, Json
from dev.vectors.goalert import at
from escalation.domain.layer import Layer
from tocsin import catalog
from tocsin.restriction import WEEKDAYS, Restriction

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MIDNIGHT = "00:00"
END_OF_DAY = "24:00"


def intervals(config: Json) -> Ask:
    """Answer whether any of the intervals is active."""
    layers = _layers(config["intervals"])

    def ask(query: Json) -> Json:
        return {"active": any(layer.covers(at(query["at"])) for layer in layers)}

    return ask


def named(config: Json) -> Ask:
    """Answer which of the named sets of intervals are active."""
    sets = {name: _layers(found) for name, found in config["named_intervals"].items()}

    def ask(query: Json) -> Json:
        now = at(query["at"])
        active = [name for name, layers in sets.items() if any(one.covers(now) for one in layers)]
        return {"muted_by": sorted(active)}

    return ask


def validity(config: Json) -> Ask:
    """Answer whether the intervals can be read."""

    def ask(_query: Json) -> Json:
        try:
            _layers(config["intervals"])
        except ValueError:
            return {"valid": False}
        return {"valid": True}

    return ask


def _layers(found: Sequence[Json]) -> list[Layer]:
    return [
        Layer(
            "interval",
            ZoneInfo(interval.get("location", "UTC")),
            restrictions=tuple(_restrictions(interval)),
        )
        for interval in found
    ]


def _restrictions(interval: Json) -> Iterator[Restriction]:
    names = [day for span in interval.get("weekdays", ()) for day in _named(span, _DAYS)]
    months = [month for span in interval.get("months", ()) for month in _named(span, MONTHS)]
    rest = {
        "weekdays": [WEEKDAYS[day - 1] for day in names] or WEEKDAYS,
        "months": months,
        "days": interval.get("days_of_month", ()),
        "years": interval.get("years", ()),
    }
    for span in interval.get("times") or [{"start_time": MIDNIGHT, "end_time": END_OF_DAY}]:
        begins, until = span.get("start_time", ""), span.get("end_time", "")
        if begins >= until:  # Theirs lie within one day.
            raise ValueError(f"{begins} to {until} is no time of a day")
        end = MIDNIGHT if until == END_OF_DAY else until
        spec = {**rest, "from": begins, "until": end}
        yield Restriction.of(catalog.Restriction.model_validate(spec))


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _named(span: str, names: Sequence[str]) -> list[int]:
    """Return `monday:friday`, or `4`, as numbers from 1."""
    first, _, last = span.partition(":")
    ends = [_number(one, names) for one in (first, last or first)]
    if ends[0] > ends[1]:
        raise ValueError(f"{span} ends before it begins")
    return list(range(ends[0], ends[1] + 1))


def _number(name: str, names: Sequence[str]) -> int:
    if name.isdecimal() and names is MONTHS:
        return int(name)
    return names.index(name) + 1
