"""The page behind the link of a code: one button, and nothing that is told to a stranger."""

from markupsafe import Markup
from starlette.responses import HTMLResponse

from notifier.domain.visible import visible
from notifier.entrypoints.link_page import page
from notifier.handlers.contacts import ContactLink

_FORM = Markup('<form method="post"><button type="submit">Yes, it reaches me</button></form>')


def shown(link: ContactLink) -> HTMLResponse:
    """Return the page of a link as it stands."""
    heading = f"Does this reach {visible(link.person)}?"
    told = "Confirmed. You can close this page." if link.is_confirmed else "Not confirmed yet."
    body = Markup('<p class="number">{}</p><h1><bdi>{}</bdi></h1><p role="status">{}</p>{}')
    form = "" if link.is_confirmed else _FORM
    return page(heading, body.format(visible(link.method), heading, told, form), 200)


def unknown() -> HTMLResponse:
    """Return the page for a link that is nobody's, or too old."""
    body = Markup(
        "<h1>This link does not work</h1><p>It is wrong, older than ten minutes, or there is a"
        " newer one. Nothing was changed. Ask for another code: tocsin contacts verify.</p>"
    )
    return page("This link does not work", body, 404)
