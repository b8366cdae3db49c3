"""The picture drawn as SVG: no script, no fonts or links from outside, readable in dark and light.

All coordinates are whole numbers, so the same picture is the same bytes everywhere. Kinds differ in
shape as well as in colour; every mark says in words what it is.
"""

import base64
import hashlib
from collections.abc import Iterator
from html import escape

from postmortem.domain.picture import COLUMNS, Bar, Lane, Mark, Picture, Span
from postmortem.domain.plain import one_line

WIDTH = 960
LEFT = 168
STEP = 6  # Pixels a column is wide.
PLOT = COLUMNS * STEP
HEAD = 24
WIDE_ENOUGH = 96  # Pixels that a status needs to be written in its bar.
LANE = 28
BARS = 56
LONGEST_NAME = 22
LONGEST_TITLE = 120
STYLE = """
.p{font:12px system-ui,sans-serif;fill:#1b1f24}
.ground,.on{fill:#fff}.rule{stroke:#d0d7de}.name{font-weight:600}
.triggered,.fired,.failed,.reopened{fill:#c62828}.acknowledged,.answered{fill:#9a5b00}
.resolved,.reached{fill:#1b7f3b}.sent,.asked,.noted{fill:#1558b0}
.ended,.withdrawn{fill:#6e7781}.uncertain{fill:#7b3fb5}
.asked,.reopened{fill:none;stroke-width:2}.asked{stroke:#1558b0}.reopened{stroke:#c62828}
@media (prefers-color-scheme:dark){
.p{fill:#e6edf3}.ground,.on{fill:#14171c}.rule{stroke:#3d444d}
.triggered,.fired,.failed{fill:#ff7b72}.acknowledged,.answered{fill:#f0a93b}
.resolved,.reached{fill:#4cc36b}.sent,.noted{fill:#6cb0ff}
.ended,.withdrawn{fill:#9aa4ae}.uncertain{fill:#c79bff}
.asked{stroke:#6cb0ff}.reopened{stroke:#ff7b72}
}
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# Around a point: each kind has a shape of its own.
SHAPES = {
    "asked": "M{x} {y}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "sent": "M{x} {y}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "reached": "M{x} {y}m-6 0l4 5l8 -9l-2 -2l-6 7l-2 -3z",
    "failed": "M{x} {y}m-6 -4l2 -2l4 4l4 -4l2 2l-4 4l4 4l-2 2l-4 -4l-4 4l-2 -2l4 -4z",
    "uncertain": "M{x} {y}m0 -6l6 11h-12z",
    "answered": "M{x} {y}m0 -7l7 7l-7 7l-7 -7z",
    "withdrawn": "M{x} {y}m-5 -1h10v3h-10z",
    "resolved": "M{x} {y}m-5 -5h10v10h-10z",
    "reopened": "M{x} {y}m-5 -5h10v10h-10z",
    "noted": "M{x} {y}m-2 -5h4v10h-4z",
}
LEGEND = tuple(SHAPES)


def drawing(picture: Picture) -> str:
    """Return the picture as one SVG element; every word that came from outside is escaped."""
    height = HEAD + LANE + BARS + LANE * (len(picture.lanes) + 1) + HEAD
    title = _text(picture.title, LONGEST_TITLE)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="p" viewBox="0 0 {WIDTH} {height}"'
            f' width="{WIDTH}" height="{height}" role="img"'
            ' aria-labelledby="picture-title picture-words">'
        ),
        f'<title id="picture-title">{title}</title>',
        f'<desc id="picture-words">{_text(picture.words)}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        *_axis(picture, height - LANE - HEAD),
        *_spans(picture.spans, HEAD),
        *_bars(picture.bars, HEAD + LANE),
    ]
    for number, lane in enumerate(picture.lanes):
        parts += _lane(lane, HEAD + LANE + BARS + LANE * number)
    return "\n".join([*parts, *_legend(height - LANE), "</svg>", ""])


def _text(text: str, longest: int = 500) -> str:
    return escape(one_line(text, longest))


def _x(column: int) -> int:
    return LEFT + column * STEP


def _name(text: str, y: int) -> str:
    return f'<text class="name" x="8" y="{y}">{_text(text, LONGEST_NAME)}</text>'


def _axis(picture: Picture, bottom: int) -> Iterator[str]:
    for quarter in range(5):
        at = picture.start + (picture.end - picture.start) * quarter // 4
        x = LEFT + PLOT * quarter // 4
        yield f'<path class="rule" d="M{x} {HEAD}V{bottom}"/>'
        said = at.strftime("%Y-%m-%d %H:%M:%S" if not quarter else "%H:%M:%S")
        if quarter == 4 and at.date() != picture.start.date():  # noqa: PLR2004 - the last.
            said = at.strftime("%m-%d %H:%M")
        yield f'<text text-anchor="middle" x="{x}" y="16">{said}</text>'


def _spans(spans: tuple[Span, ...], top: int) -> Iterator[str]:
    yield _name("status (UTC)", top + 18)
    for span in spans:
        width = (span.end - span.start) * STEP
        yield (
            f'<rect class="{span.status}" x="{_x(span.start)}" y="{top + 6}" width="{width}"'
            f' height="16"><title>{span.status}</title></rect>'
        )
        if width >= WIDE_ENOUGH:
            yield f'<text class="on" x="{_x(span.start) + 6}" y="{top + 18}">{span.status}</text>'


def _bars(bars: tuple[Bar, ...], top: int) -> Iterator[str]:
    yield _name("alerts (below: ended)", top + 30)
    base = top + BARS - 16
    peak = max((max(bar.fired, bar.ended) for bar in bars), default=1)
    for bar in bars:
        said = f"<title>{bar.fired} fired, {bar.ended} ended</title>"
        if bar.fired:
            tall = max(bar.fired * 36 // peak, 3)
            yield (
                f'<rect class="fired" x="{_x(bar.column)}" y="{base - tall}" width="5"'
                f' height="{tall}">{said}</rect>'
            )
        if bar.ended:
            tall = max(bar.ended * 12 // peak, 2)
            yield (
                f'<rect class="ended" x="{_x(bar.column)}" y="{base + 1}" width="5"'
                f' height="{tall}">{said}</rect>'
            )


def _lane(lane: Lane, top: int) -> Iterator[str]:
    middle = top + LANE // 2
    yield f'<path class="rule" d="M{LEFT} {middle}H{LEFT + PLOT}"/>'
    yield _name(lane.name, middle + 4)
    for mark in lane.marks:
        yield _mark(mark, _x(mark.column) + STEP // 2, middle)


def _mark(mark: Mark, x: int, y: int) -> str:
    path = SHAPES[mark.kind].format(x=x, y=y)
    return f'<path class="{mark.kind}" d="{path}"><title>{_text(mark.text, 160)}</title></path>'


def _legend(top: int) -> Iterator[str]:
    wide = (WIDTH - 16) // len(LEGEND)
    for number, kind in enumerate(LEGEND):
        x = 16 + number * wide
        path = SHAPES[kind].format(x=x, y=top + 10)
        yield f'<path class="{kind}" d="{path}"/><text x="{x + 12}" y="{top + 14}">{kind}</text>'
