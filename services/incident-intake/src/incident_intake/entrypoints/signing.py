"""Integrations that sign: a request of theirs needs a signature beside the key.

Their secrets are variables, named in the catalog, of which nothing else is read.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import structlog
from starlette.requests import Request

from incident_intake.entrypoints.signatures import (
    BadSignatureError,
    Secret,
    how,
    secrets_of,
    verify,
)
from incident_intake.ports import IntakeUnitOfWork
from tocsin import telemetry
from tocsin.catalog import Integration
from tocsin.findings import Finding
from tocsin.holder import CatalogHolder
from tocsin.problems import Problem, unavailable
from tocsin.web_limits import as_sent

log = structlog.get_logger(__name__)
CHALLENGE = {"WWW-Authenticate": 'Signature realm="tocsin"'}


class UnknownSecretError(Exception):
    """The secret is not known here, which is no fault of whoever sends; says of which variable."""


class Signing:
    """Checks signatures, and tells the auditor of those that cannot be checked."""

    def __init__(self, catalog: CatalogHolder, environ: Mapping[str, str]) -> None:
        """Look for secrets in `environ`."""
        self._catalog = catalog
        self._environ = environ
        self._since: dict[str, datetime] = {}

    def check(
        self, name: str, integration: Integration, request: Request, body: bytes, at: datetime
    ) -> str | None:
        """Check a request that came at `at`; return the id that was signed with it, if any.

        Raises the Problem to answer with: 401 for what the sender can mend, and 503 where the
        secret is not known here, so that no alert is refused for a mistake of ours.
        """
        variable = integration.signed_by
        if variable is None:
            return None
        try:
            secrets = self._secrets(variable)
            signed = as_sent(request.scope, body)
            found = verify(integration.source, request.headers, signed, secrets, at)
        except UnknownSecretError as error:
            log.error("signing_secret_unknown", integration=name, error=str(error))  # noqa: TRY400
            telemetry.SIGNATURES.labels("unset").inc()
            raise unavailable(f"No signature can be checked: {error}; try again.") from error
        except BadSignatureError as error:
            log.warning("signature_refused", integration=name, error=str(error))
            telemetry.SIGNATURES.labels(error.outcome).inc()
            detail = f"{error}. {how(integration.source)}"
            raise Problem(401, "bad-signature", detail, CHALLENGE, field=error.header) from error
        telemetry.SIGNATURES.labels("good").inc()
        return found

    async def on_look(self, uow: IntakeUnitOfWork, now: datetime) -> tuple[Finding, ...]:
        """Return the integrations whose signatures cannot be checked, or are not."""
        del uow
        found = tuple(self._findings(now))
        self._since = {one.key: one.since for one in found}
        telemetry.SIGNING_SECRETS_UNSET.set(sum(not one.lasting for one in found))
        return found

    def _findings(self, now: datetime) -> Iterator[Finding]:
        for name, integration in self._catalog.current.integrations_by_key.values():
            if why := integration.unsigned_because:
                key = f"signatures of {name}"
                text = f"nothing that {name} sends has to be signed: secret_env: {why}"
                since = self._since.get(key, now)
                yield Finding(key, since, text, shared=True, lasting=True)
            elif integration.signed_by is not None:
                try:
                    self._secrets(integration.signed_by)
                except UnknownSecretError as error:
                    key = f"signing secret of {name}"
                    text = f"alerts of {name} are answered with 503: {error}"
                    yield Finding(key, self._since.get(key, now), text)

    def _secrets(self, variable: str) -> tuple[Secret, ...]:
        try:
            return secrets_of(self._environ.get(variable, ""))
        except ValueError as error:
            raise UnknownSecretError(
                f"the variable {variable} {error} where incident-intake runs"
            ) from error
