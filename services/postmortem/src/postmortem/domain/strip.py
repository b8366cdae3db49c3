"""Shifts as a drawing: what is drawn where, in whole numbers, before anything is drawn.

A strip is a week: a lane for all layers together and one for each, with bars in them, below its
days. Time is to scale, so that a day of 23 hours is seen to be shorter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from postmortem.domain.days import WEEK, Day, Kind, Piece, pieces, whole
from postmortem.domain.fitting import fitting
from postmortem.domain.outlook import Outlook

LEFT = 120
PLOT = 840
HEAD = 24
LANE = 28
HUES = 8
FINAL = "On call"
SAID: Mapping[Kind, str] = {"held": "", "gap": "nobody", "unknown": "not known"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a lane. `label` is what fits in it, `hue` the colour of whoever has it."""

    x: int
    width: int
    piece: Piece
    label: str
    hue: int


@dataclass(frozen=True, slots=True)
class Track:
    """A lane: its name, how far down it is, and its bars."""

    name: str
    y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A day above the lanes."""

    x: int
    day: Day


@dataclass(frozen=True, slots=True)
class Strip:
    """A week. `now` is where the present is in it, if it is."""

    heads: tuple[Head, ...]
    tracks: tuple[Track, ...]
    height: int
    now: int | None


@dataclass(frozen=True, slots=True)
class _Scale:
    """The week from end to end, and a colour for each person."""

    begins: datetime
    ends: datetime
    hues: Mapping[str, int]

    def x(self, at: datetime) -> int:
        return LEFT + PLOT * (at - self.begins) // (self.ends - self.begins)


def strips(outlook: Outlook, days: Sequence[Day], now: datetime) -> tuple[Strip, ...]:
    """Return a strip for each week of these days."""
    hues = {name: number % HUES for number, name in enumerate(outlook.people)}
    weeks = [days[first : first + WEEK] for first in range(0, len(days), WEEK)]
    return tuple(
        _strip(outlook, week, _Scale(week[0].begins, week[-1].ends, hues), now) for week in weeks
    )


def _strip(outlook: Outlook, week: Sequence[Day], scale: _Scale, now: datetime) -> Strip:
    lanes = [(FINAL, tuple(whole(outlook, scale.begins, scale.ends)))] + [
        (lane.name, pieces(lane.shifts, scale.begins, scale.ends)) for lane in outlook.layers
    ]
    tracks = tuple(
        Track(fitting(name, LEFT), HEAD + LANE * number, tuple(_bars(found, scale)))
        for number, (name, found) in enumerate(lanes)
    )
    return Strip(
        heads=tuple(Head(scale.x(day.begins), day) for day in week if day.length),
        tracks=tracks,
        height=HEAD + LANE * len(tracks),
        now=scale.x(now) if scale.begins <= now < scale.ends else None,
    )


def _bars(found: Iterable[Piece], scale: _Scale) -> Iterator[Bar]:
    for piece in found:
        x = scale.x(piece.begins)
        width = max(scale.x(piece.ends) - x, 1)
        said = ", ".join(piece.people) if piece.people else SAID[piece.kind]
        hue = scale.hues[piece.people[0]] if piece.people else 0
        yield Bar(x, width, piece, fitting(said, width), hue)
