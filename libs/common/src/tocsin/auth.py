"""Who may call: API tokens with scopes, compared in constant time."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.requests import Request

from tocsin.problems import Problem
from tocsin.settings import ApiToken

CATALOG = "catalog:write"
_EVERY_SET = frozenset({"write", CATALOG})


def named_sets(scopes: frozenset[str]) -> frozenset[str]:
    """Return the sets of the catalog that these scopes name."""
    named = (scope for scope in scopes if scope.startswith(f"{CATALOG}:"))
    return frozenset(scope.removeprefix(f"{CATALOG}:") for scope in named)


class Principal(BaseModel):
    """Who calls, and what they may do."""

    name: str
    scopes: frozenset[str]

    @property
    def sets(self) -> frozenset[str] | None:
        """The sets of the catalog that they may change; None: every one."""
        return None if _EVERY_SET & self.scopes else named_sets(self.scopes)


_TOKEN = HTTPBearer(scheme_name="token", auto_error=False)  # Only so that OpenAPI tells of it.


def requires(scope: str, below: str = "") -> Callable[[Request], Principal]:
    """Return a dependency that lets callers with `scope` in: 401 unknown, 403 not allowed.

    A scope that is `below`, or starts with it and a colon, does as well.
    """

    def principal(request: Request, _: Annotated[object, Security(_TOKEN)] = None) -> Principal:
        tokens: tuple[ApiToken, ...] = request.app.state.api_tokens
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(token.strip().encode()).hexdigest()
        found = None
        for known in tokens:  # Every token is compared, so that time tells nothing.
            if hmac.compare_digest(known.sha256, digest):
                found = known
        if kind.lower() != "bearer" or not token.strip() or found is None:
            raise Problem(
                401,
                "unauthorized",
                "Send an API token: Authorization: Bearer …",
                {"WWW-Authenticate": 'Bearer realm="tocsin"'},
            )
        narrower = below and any(f"{one}:".startswith(f"{below}:") for one in found.scopes)
        if scope not in found.scopes and not narrower:
            raise Problem(403, "forbidden", f"The token {found.name!r} has no scope {scope!r}.")
        return Principal(name=found.name, scopes=found.scopes)

    return principal


reader = requires("read")
writer = requires("write")
admin = requires("admin")
catalog_writer = requires("write", below=CATALOG)  # Which sets, `Principal.sets` says.

Reader = Annotated[Principal, Depends(reader)]
Writer = Annotated[Principal, Depends(writer)]
Admin = Annotated[Principal, Depends(admin)]
CatalogWriter = Annotated[Principal, Depends(catalog_writer)]
