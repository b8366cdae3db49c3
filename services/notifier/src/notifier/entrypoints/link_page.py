"""The page behind a link: no script, nothing loaded, nothing kept; light and dark."""

import base64
import hashlib

from markupsafe import Markup
from starlette.responses import HTMLResponse

from notifier.domain.acknowledging import Link
from notifier.domain.visible import shortened, visible

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.0625rem/1.5 system-ui,sans-serif;max-width:36rem;margin:0 auto;"
    "padding:2rem 1.25rem}"
    "h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}"
    "button{font:inherit;font-weight:600;min-height:44px;min-width:44px;padding:.75rem 1.5rem;"
    "border:0;border-radius:.5rem;background:#b3261e;color:#fff;width:100%}"
    "button:focus-visible{outline:3px solid Highlight;outline-offset:3px}"
    ".number{opacity:.75;margin:0}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
}
_PAGE = Markup(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{heading}</title><style>{style}</style></head><body><main>{body}</main></body></html>\n"
)
_FORM = Markup('<form method="post"><button type="submit">Acknowledge</button></form>')


def shown(link: Link) -> HTMLResponse:
    """Return the page of a link as it stands."""
    title = shortened(visible(link.title), 250)
    body = Markup(
        '<p class="number">Incident #{}</p><h1><bdi>{}</bdi></h1><p role="status">{}</p>{}'
    )
    return page(
        f"#{link.number} {title}",
        body.format(link.number, title, _status(link), _FORM if link.can_acknowledge else ""),
        200,
    )


def unknown() -> HTMLResponse:
    """Return the page for a link that is nobody's, or too old."""
    body = Markup(
        "<h1>This link does not work</h1><p>It is wrong, or older than a day. Nothing was changed."
        " Acknowledge from a newer page, or from the console.</p>"
    )
    return page("This link does not work", body, 404)


def _status(link: Link) -> str:
    if link.status != "triggered" and not (link.is_asked and link.heard):
        asked = " You were asked for after that." if link.is_asked else ""
        return f"It is {link.status} by {visible(link.answered_by)}.{asked}"
    if link.heard:
        return "Your acknowledgement is on its way. You can close this page."
    return "Nobody has acknowledged it yet."


def page(heading: str, body: Markup, status: int) -> HTMLResponse:
    """Return a page behind a link, with its headers."""
    html = _PAGE.format(heading=heading, style=Markup(_STYLE), body=body)  # noqa: S704 - our own constant.
    return HTMLResponse(html, status, headers=HEADERS)
