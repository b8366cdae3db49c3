"""The page at `/`: what this service is, and the drafts it holds. The console takes its place."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from postmortem.domain.sentences import clock_time
from postmortem.ports import Summary

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8886; }
td { overflow-wrap: anywhere; }
"""
# The one style that the page's policy allows.
STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tocsin: postmortems</title>
<style>{style}</style>
</head>
<body>
<h1>Tocsin: postmortems</h1>
<p>This service keeps the story of every incident and drafts its postmortem when it is resolved.
Drafts hold facts only; what people know is left for them to write.</p>
{drafts}
</body>
</html>
"""


def home(drafts: Sequence[Summary]) -> str:
    """Return the page for these drafts; every word that came from outside is escaped."""
    if not drafts:
        return _PAGE.format(
            style=_STYLE, drafts="<p>No incident was resolved yet, so there is no draft.</p>"
        )
    head = "<tr><th>incident</th><th>service</th><th>resolved</th><th>events</th></tr>"
    body = "\n".join(_row(draft) for draft in drafts)
    return _PAGE.format(style=_STYLE, drafts=f"<table>\n{head}\n{body}\n</table>")


def _row(draft: Summary) -> str:
    resolved = clock_time(draft.resolved_at) if draft.resolved_at else ""
    return (
        f'<tr><td><a href="/v1/postmortems/{escape(draft.postmortem_id)}.md">'
        f"{escape(draft.title) or 'untitled'}</a></td><td>{escape(draft.service)}</td>"
        f"<td>{resolved}</td><td>{draft.events}</td></tr>"
    )
