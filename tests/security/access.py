"""Who may do what: every route of every service, written by hand."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import Route

# A route that is in none of these is a mistake: nothing is open by being forgotten.
PUBLIC: dict[str, str] = {
    "GET /healthz": "a supervisor has no token; it tells the names of loops and nothing else",
    "GET /readyz": "a load balancer has no token; it tells of dependencies and nothing else",
    "GET /metrics": "Prometheus scrapes it; counts only, no name of anything in the catalog",
    "GET /openapi.json": "the document is in the repository as well",
    "GET /api/v2/status": "clients of an Alertmanager ask it first; constants and the start",
    "GET /-/healthy": "as an Alertmanager has it; one word",
    "GET /-/ready": "as an Alertmanager has it; one word",
    "GET /login": "who is not logged in sees it; it tells nothing of the installation",
    "POST /login": "it is the door: only an API token opens it",
    "GET /static/{version}/{name}": "the login's looks; the files are the same everywhere",
}
# Opened by the key of an integration.
KEY = {
    "POST /v1/alerts/{source}",
    "POST /v1/alerts/{source}/",
    "GET /api/v2/alerts",
    "POST /api/v2/alerts",
    "GET /api/v2/alerts/",
    "POST /api/v2/alerts/",
    "POST /v2/enqueue",
    "POST /v2/enqueue/",
}
# They only say 405, as an Alertmanager does.
REFUSED = {
    f"{method} /api/v2/alerts{slash}"
    for method in ("PUT", "DELETE", "PATCH")
    for slash in ("", "/")
}
# The token in the path is the permission; 128 bits that only this installation can work out.
LINK = {
    "GET /a/{token}",
    "POST /a/{token}",
    "GET /a/contact/{token}",
    "POST /a/contact/{token}",
    "GET /v1/calendars/{name}/{token}.ics",
}
# The provider signs.
SIGNATURE = {
    f"{method} /i/{channel}/{{path:path}}"
    for channel in ("pigeon", "slack")
    for method in ("GET", "POST")
}
# Only a session opens these, with the form that it was given.
FORM = {
    "POST /incidents/{identity}/{verb}",
    "POST /logout",
    "POST /silences",
    "POST /silences/{silence_id}/expire",
    "POST /schedules/{name}/notes",
    "POST /schedules/{name}/overrides",
    "POST /schedules/{name}/overrides/{override_id}/end",
    *(
        f"POST /postmortems/{{identity}}/{what}"
        for what in ("sections", "review", "publish", "draft", "action-items")
    ),
}
# A browser may have a session, or give the token as a password.
VIEW = {
    "GET /",
    "GET /incidents/{identity}",
    "GET /incidents/{identity}/why",
    "GET /on-call",
    "GET /schedules",
    "GET /schedules/{name}",
    "GET /policies/{name}",
    "GET /silences",
    "GET /postmortems",
    "GET /postmortems/{identity}",
    "GET /live",
    *(f"GET /v1/postmortems/{{identity}}.{kind}" for kind in ("md", "html", "json", "svg")),
    "GET /v1/postmortems/{identity}/versions/{number}",
    "GET /v1/postmortems/{identity}/versions/{number}.{kind}",
}
READ = {
    "GET /v1/incidents",
    "GET /v1/incidents/{which}",
    "GET /v1/incidents/{which}/why",
    "GET /v1/why",
    "GET /v1/alerts",
    "GET /v1/silences",
    "GET /v1/silences/{silence_id}",
    "POST /v1/catalog/plan",
    "GET /v1/catalog",
    "GET /v1/catalog/history",
    "GET /v1/on-call",
    "GET /v1/overrides",
    "GET /v1/schedules/{name}/shifts",
    "GET /v1/schedules/{name}.ics",
    "GET /v1/swaps",
    "GET /v1/absences",
    "GET /v1/absences/calendars",
    "GET /v1/escalations/{incident}",
    "GET /v1/handoff-notes",
    "GET /v1/notifications",
    "GET /v1/channels",
    "GET /v1/chat-links",
    "GET /v1/contacts",
    "GET /v1/timelines/{incident}",
    "GET /v1/timelines/{incident}/why",
    "GET /v1/postmortems",
    "GET /v1/postmortems/{identity}",
    "GET /v1/postmortems/{identity}/history",
    "GET /v1/action-items",
    "GET /v1/action-items/{item}",
}
WRITE = {
    "POST /v1/incidents",
    "POST /v1/incidents/{which}/snooze",
    "POST /v1/incidents/{which}/escalate",
    "POST /v1/incidents/{which}/reassign",
    "POST /v1/incidents/{which}/note",
    "POST /v1/incidents/{which}/{verb}",
    "POST /v1/silences",
    "DELETE /v1/silences/{silence_id}",
    "POST /v1/silences/{silence_id}/expire",
    "PUT /v1/catalog",
    "GET /v1/users/{name}/calendar",
    "POST /v1/swaps",
    "POST /v1/swaps/{swap}/{verb}",
    "POST /v1/catalog/rollback",
    "POST /v1/overrides",
    "POST /v1/schedules/{name}/notes",
    "DELETE /v1/overrides/{override}",
    "POST /v1/channels/{name}/test",
    "PUT /v1/postmortems/{identity}/sections/{section}",
    "POST /v1/postmortems/{identity}/review",
    "POST /v1/postmortems/{identity}/publish",
    "POST /v1/postmortems/{identity}/draft",
    "POST /v1/postmortems/{identity}/action-items",
    "PUT /v1/action-items/{item}",
    "POST /v1/chat-links",
    "POST /v1/contacts/verify",
    "POST /v1/contacts/confirm",
    "DELETE /v1/chat-links/{channel}/{subject}",
}
# What cannot be asked without saying of what.
ASKED = {"/v1/why": "?alert=slow", "/v1/handoff-notes": "?schedule=payments"}
SERVICES = ("incident-intake", "escalation", "notifier", "postmortem")
ADMIN = {f"POST /v1/dead-letters/{name}/{{identity}}/replay" for name in SERVICES}
READ |= {f"GET /v1/dead-letters/{name}" for name in SERVICES}
READ |= {f"GET /v1/obligations/{name}" for name in SERVICES}
READ |= {f"GET /v1/dead-letters/{name}/{{identity}}" for name in SERVICES}
TABLE: dict[str, str] = {
    **dict.fromkeys(PUBLIC, "public"),
    **dict.fromkeys(KEY, "key"),
    **dict.fromkeys(REFUSED, "refused"),
    **dict.fromkeys(LINK, "link"),
    **dict.fromkeys(SIGNATURE, "signature"),
    **dict.fromkeys(VIEW, "view"),
    **dict.fromkeys(FORM, "form"),
    **dict.fromkeys(READ, "read"),
    **dict.fromkeys(WRITE, "write"),
    **dict.fromkeys(ADMIN, "admin"),
}
# Who gets past the door of what.
ALLOWED: dict[str, set[str]] = {
    "read": {"reader", "writer", "owner"},
    "view": {"reader", "writer", "owner"},
    "write": {"writer", "owner"},
    "admin": {"admin", "owner"},
}


def routes(app: FastAPI | APIRouter) -> Iterator[str]:
    """Yield every route that an app has, with its method. HEAD is answered as GET is."""
    for route in app.routes:
        # FastAPI keeps a router that was included as one route of its own kind.
        if isinstance(included := getattr(route, "original_router", None), APIRouter):
            yield from routes(included)
            continue
        assert isinstance(route, Route), f"a kind of route that nobody has thought of: {route}"
        for method in route.methods or ():
            if method != "HEAD":
                yield f"{method} {route.path}"


def filled(path: str, known: Mapping[str, Any]) -> str:
    """Return a path with ids that exist."""
    path = path.replace("{path:path}", "events")
    given = {
        "channel": "slack",
        "subject": "U0ADA",
        "name": "payments",
        "verb": "acknowledge",
        "source": "generic",
        "swap": "swp_0",
    }
    given |= {"section": "impact", "number": "1", "item": "act_0", "kind": "html"}
    given |= {"version": "0", "override": "ovr_0"}
    given |= {"override_id": "ovr_0"}
    given |= {name: values[0] for name, values in known.items()}
    if path.startswith("/v1/channels/"):
        given["name"] = "webhook"
    if path.startswith(("/v1/postmortems/", "/postmortems/", "/incidents/")):
        given["identity"] = known["over"][0]
    return path.format(**given)
