"""Who sends: the integration key of a request, by whichever way it came."""

import base64
import binascii
import hashlib
from collections.abc import Iterator

import orjson
from starlette.requests import Request

from tocsin.catalog import Catalog, Integration

DEV_KEY_SHA256 = hashlib.sha256(b"tocsin-dev-key").hexdigest()
MAX_KEY = 512
_TAKEN_OUT = b'"(the key)"'


def candidates(request: Request) -> Iterator[str]:
    """Yield the keys that a request carries: path prefix, header of our own, Authorization."""
    state = request.scope.get("state") or {}
    if key := state.get("key"):
        yield key
    if key := request.headers.get("x-tocsin-key"):
        yield key
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer" | "geniekey":
            yield credentials.strip()
        case "basic":
            yield _password(credentials)


def _password(credentials: str) -> str:
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text.partition(":")[2]


def integration_of(
    keys: Iterator[str], catalog: Catalog, *, production: bool
) -> tuple[str, str, Integration] | None:
    """Return the key that one of these is, with the name and the integration it belongs to.

    A key is looked up by its hash, so timing tells nothing of it. Production never takes the dev
    system's.
    """
    for key in keys:
        if not 0 < len(key) <= MAX_KEY:
            continue
        digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        if production and digest == DEV_KEY_SHA256:
            continue
        if (found := catalog.integrations_by_key.get(digest)) is not None:
            return key, *found
    return None


def without(key: str, body: bytes) -> bytes:
    """Return a body as it may be kept: protocols that carry the key in it would have it on Kafka.

    Only a whole JSON string that is the key is taken out, so that nothing else is ever touched.
    """
    return body.replace(orjson.dumps(key), _TAKEN_OUT)
