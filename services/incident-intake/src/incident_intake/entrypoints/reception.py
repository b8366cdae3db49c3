"""The reception: what every ingest route does with a request before and after its protocol."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain

from starlette.requests import Request

from incident_intake.domain.message import Parsed, Receipt
from incident_intake.entrypoints import keys
from incident_intake.entrypoints.signing import Signing
from incident_intake.handlers.ingest import Ingest
from incident_intake.handlers.ingest import Request as Admitted
from tocsin import ids
from tocsin.clock import Clock
from tocsin.holder import CatalogHolder
from tocsin.http_protocol import waited
from tocsin.problems import unavailable
from tocsin.web import idempotency_key

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
MAX_CONTENT_TYPE = 200


@dataclass(frozen=True)
class Reception:
    """Authenticates, dates and names requests, and hands what was read to ingest."""

    ingest: Ingest
    catalog: CatalogHolder
    clock: Clock
    signing: Signing
    production: bool
    legacy_names: bool

    def refuse_until_loaded(self) -> None:
        """Raise the 503 that makes senders try again while no key can be known yet."""
        if not self.catalog.loaded:
            raise unavailable("The catalog is not loaded yet; try again.")

    async def admit(
        self, request: Request, source: str, more_keys: Iterable[str] = ()
    ) -> Admitted | None:
        """Return the request as its integration's, or None when no key is known.

        Whichever way it came in: where the integration signs, it is signed, or a Problem is raised.
        """
        self.refuse_until_loaded()
        found = keys.integration_of(
            chain(keys.candidates(request), more_keys),
            self.catalog.current,
            production=self.production,
        )
        if found is None:
            return None
        key, name, integration = found
        body = await request.body()
        # When it came, not when it was read: it may have been said again, and more, since.
        received_at = self.clock.now() - timedelta(seconds=waited(request))
        # An id that is signed goes before those that anybody may have written.
        signed_id = self.signing.check(name, integration, request, body, received_at)
        trace = request.headers.get("traceparent", "")
        return Admitted(
            name=name,
            integration=integration,
            source=source,
            body=body,
            content_type=request.headers.get("content-type", "")[:MAX_CONTENT_TYPE],
            received_at=received_at,
            repeat_key=signed_id or idempotency_key(request) or request.headers.get("webhook-id"),
            traceparent=trace if _TRACEPARENT.fullmatch(trace) else None,
            key=key,
        )

    def receipt(self, admitted: Admitted) -> Receipt:
        """Return what a source may know of the request."""
        request_id = (
            ids.derived("request", admitted.name, admitted.source, admitted.repeat_key)
            if admitted.repeat_key
            else ids.new()
        )
        return Receipt(
            integration=admitted.name,
            received_at=admitted.received_at,
            request_id=request_id,
            legacy_names=self.legacy_names,
        )

    async def keep(self, admitted: Admitted, parsed: Parsed) -> list[str]:
        """Make the request durable; return the ids of its alert events."""
        kept = replace(admitted, body=keys.without(admitted.key, admitted.body))
        return await self.ingest.accept(kept, parsed, self.catalog.current)
