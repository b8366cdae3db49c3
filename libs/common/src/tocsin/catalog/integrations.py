"""Integrations: the keys that tools send with, and which of them have to sign as well."""

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from tocsin.catalog.spec import Name, Spec

ALERTMANAGER, GENERIC = "alertmanager", "generic"
SOURCES = (ALERTMANAGER, GENERIC, "pagerduty", "prometheus")
CAN_SIGN = (ALERTMANAGER, GENERIC)  # As Alertmanager, Grafana's webhook is meant.
VARIABLE = r"^SIGNING_[A-Z0-9_]{1,80}$"


class Integration(Spec):
    """A key that a monitoring tool sends with, and what it means.

    `secret_env` names a variable of intake's, SIGNING_…, with the secret that its sender signs
    every request with: the secret itself is never here.
    """

    source: str
    service: Name | None = None
    key_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    # Judged below and not by its type: an earlier release took any name, of any source, and what it
    # took has to stay readable.
    secret_env: str | None = Field(default=None, json_schema_extra={"pattern": VARIABLE})

    @property
    def signed_by(self) -> str | None:
        """The variable with the secret; None: whoever has the key need not sign."""
        return None if self.unsigned_because else self.secret_env

    @property
    def unsigned_because(self) -> str:
        """Why `secret_env` means nothing, and what mends it; empty where it means something."""
        if self.secret_env is None:
            return ""
        if self.source not in CAN_SIGN:
            can = " and ".join(CAN_SIGN)
            return f"source {self.source!r} cannot sign, only {can} can; leave the field out"
        if not re.fullmatch(VARIABLE, self.secret_env):
            return (  # What was written may be the secret itself: it is not repeated.
                "is not a variable of incident-intake's for secrets; write SIGNING_ and capital"
                " letters, digits or _, such as SIGNING_CI, and the secret into that variable"
            )
        return ""
