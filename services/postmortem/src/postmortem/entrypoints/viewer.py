"""Who may look with a browser: an API token as a Bearer, or as the password of Basic."""

import base64

from starlette.requests import Request

from tocsin.web import Principal, Problem, reader


def viewer(request: Request) -> Principal:
    """Let callers with the scope `read` in; a browser is asked for the token."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        request = _with_bearer(request, given)
    try:
        return reader(request)
    except Problem as problem:
        if problem.status == 401:  # noqa: PLR2004 - HTTP's own number.
            problem.headers["WWW-Authenticate"] = 'Basic realm="tocsin, password: an API token"'
        raise


def _with_bearer(request: Request, given: str) -> Request:
    try:
        _, _, token = base64.b64decode(given, validate=True).partition(b":")
    except ValueError:
        token = b""
    return Request({**request.scope, "headers": [(b"authorization", b"Bearer " + token)]})
