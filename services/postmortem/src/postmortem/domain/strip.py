"""Shifts as a drawing: what is drawn where, in whole numbers, before anything is drawn.

A strip is a week: a lane for all layers together, those of overrides, and one for each layer, with
bars in them, below its days. Time is to scale, so that a day of 23 hours is seen to be shorter.
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
BY_HAND = "Overrides"
GRIP = 8
MOST_LANES = 4  # Of overrides at the same time; what is more is drawn over the last.
SAID: Mapping[Kind, str] = {"held": "", "gap": "nobody", "unknown": "not known"}


@dataclass(frozen=True, slots=True)
class Hand:
    """An override as it is drawn: its name, its time, whom it puts on call, how it is said, why.

    `elsewhere` is where it is changed, if that is not here.
    """

    name: str
    begins: datetime
    ends: datetime
    people: tuple[str, ...]
    said: str
    reason: str = ""
    elsewhere: str = ""

    def is_movable(self, now: datetime) -> bool:
        """Whether it may be dragged."""
        return self.ends > now and not self.elsewhere


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a lane. `label` is what fits in it, `hue` the colour of whoever has it."""

    x: int
    width: int
    piece: Piece
    label: str
    hue: int
    hand: Hand | None = None

    def grips(self, now: datetime) -> Iterator[tuple[str, int]]:
        """Yield the ends of an override that can be taken hold of, and where they are."""
        if self.hand is None or not self.hand.is_movable(now) or self.width < GRIP * 3:
            return
        if self.piece.begins == self.hand.begins > now:
            yield "begins", self.x
        if self.piece.ends == self.hand.ends:
            yield "ends", self.x + self.width - GRIP


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
    width: int
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


def strips(
    outlook: Outlook, days: Sequence[Day], now: datetime, hands: Sequence[Hand] = ()
) -> tuple[Strip, ...]:
    """Return a strip for each week of these days."""
    hues = {name: number % HUES for number, name in enumerate(outlook.people)}
    weeks = [days[first : first + WEEK] for first in range(0, len(days), WEEK)]
    return tuple(
        _strip(outlook, week, _Scale(week[0].begins, week[-1].ends, hues), now, hands)
        for week in weeks
    )


def _strip(
    outlook: Outlook, week: Sequence[Day], scale: _Scale, now: datetime, hands: Sequence[Hand]
) -> Strip:
    lanes = [
        (FINAL, _bars(whole(outlook, scale.begins, scale.ends), scale)),
        *((BY_HAND, _hands(lane, scale)) for lane in _lanes(hands, scale)),
        *(
            (lane.name, _bars(pieces(lane.shifts, scale.begins, scale.ends), scale))
            for lane in outlook.layers
        ),
    ]
    tracks = tuple(
        Track(fitting(name, LEFT), HEAD + LANE * number, tuple(bars))
        for number, (name, bars) in enumerate(lanes)
    )
    return Strip(
        heads=tuple(_head(day, scale) for day in week if day.length),
        tracks=tracks,
        height=HEAD + LANE * len(tracks),
        now=scale.x(now) if scale.begins <= now < scale.ends else None,
    )


def _head(day: Day, scale: _Scale) -> Head:
    x = scale.x(day.begins)
    return Head(x, scale.x(day.ends) - x, day)


def _bars(found: Iterable[Piece], scale: _Scale) -> Iterator[Bar]:
    for piece in found:
        x = scale.x(piece.begins)
        width = max(scale.x(piece.ends) - x, 1)
        said = ", ".join(piece.people) if piece.people else SAID[piece.kind]
        hue = scale.hues[piece.people[0]] if piece.people else 0
        yield Bar(x, width, piece, fitting(said, width), hue)


def _lanes(hands: Sequence[Hand], scale: _Scale) -> list[list[Hand]]:
    """Return the overrides of a week, those beside each other that are not at the same time."""
    lanes: list[list[Hand]] = []
    for one in sorted(hands, key=lambda hand: (hand.begins, hand.name)):
        if one.ends <= scale.begins or one.begins >= scale.ends:
            continue
        free = (lane for lane in lanes if lane[-1].ends <= one.begins)
        lane = next(free, lanes[-1] if len(lanes) == MOST_LANES else None)
        if lane is None:
            lanes.append(lane := [])
        lane.append(one)
    return lanes


def _hands(found: Iterable[Hand], scale: _Scale) -> Iterator[Bar]:
    for one in found:
        begins, ends = max(one.begins, scale.begins), min(one.ends, scale.ends)
        x = scale.x(begins)
        width = max(scale.x(ends) - x, 1)
        hue = scale.hues.get(one.people[0], 0) if one.people else 0
        yield Bar(x, width, Piece(begins, ends, "held"), fitting(one.said, width), hue, one)
