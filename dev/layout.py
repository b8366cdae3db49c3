"""Where everything of one dev system lives: folders, ports and each service's environment."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dev.errors import DevError
from dev.ports import LOOPBACK

ROOT = Path(__file__).parent.parent
DEFAULT_VAR = "var"
DEFAULT_PORT = "8010"
LAST_PORT = 65_535
# The examples' catalog holds only this key's hash, and intake refuses the key in production.
DEV_KEY = "tocsin-dev-key"


@dataclass(frozen=True)
class Service:
    """One of the four services.

    name: what people read; module: what Python runs; prefix: of its environment variables;
    offset: of its port from TOCSIN_PORT.
    """

    name: str
    module: str
    prefix: str
    offset: int


INTAKE = Service("incident-intake", "incident_intake", "INTAKE", 0)
ESCALATION = Service("escalation", "escalation", "ESCALATION", 10)
NOTIFIER = Service("notifier", "notifier", "NOTIFIER", 20)
POSTMORTEM = Service("postmortem", "postmortem", "POSTMORTEM", 30)
SERVICES = (INTAKE, ESCALATION, NOTIFIER, POSTMORTEM)
HTTP_VARIABLES = frozenset(f"{service.prefix}_HTTP" for service in SERVICES)


@dataclass(frozen=True)
class Secrets:
    """What `secrets_of` made on the first run: an API token, and what signs links and sessions."""

    token: str
    secret: str


@dataclass(frozen=True)
class Layout:
    """One dev system.

    var: the folder of everything written; port: the first of its ports; postgres: whether the
    services' databases are PostgreSQL's; moved: addresses the person has set, by variable.
    """

    var: Path
    port: int
    postgres: bool
    moved: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Layout":
        """Read TOCSIN_VAR, TOCSIN_PORT and DATABASE; a DevError names the one that is wrong."""
        port = environment.get("TOCSIN_PORT") or DEFAULT_PORT
        if not port.isascii() or not port.isdigit() or not 0 < int(port) <= LAST_PORT - 30:
            raise DevError(f"TOCSIN_PORT must be a port from 1 to {LAST_PORT - 30}, not {port!r}.")
        database = environment.get("DATABASE") or "sqlite"
        if database not in {"sqlite", "postgres"}:
            raise DevError(f"DATABASE must be sqlite or postgres, not {database!r}.")
        var = Path(environment.get("TOCSIN_VAR") or DEFAULT_VAR)
        # A relative folder means the same whatever the working directory is.
        return cls(
            var=(ROOT / var).resolve(),
            port=int(port),
            postgres=database == "postgres",
            moved={name: environment[name] for name in HTTP_VARIABLES & environment.keys()},
        )

    @property
    def kafka_port(self) -> int:
        """The broker's port."""
        return self.port + 1

    @property
    def controller_port(self) -> int:
        """The port of the broker's controller."""
        return self.port + 2

    @property
    def mail_port(self) -> int:
        """The mail catcher's SMTP port."""
        return self.port + 3

    @property
    def postgres_port(self) -> int:
        """PostgreSQL's port."""
        return self.port + 4

    @property
    def pids(self) -> Path:
        """The file that says which process id each part has now."""
        return self.var / "pids.json"

    @property
    def mails(self) -> Path:
        """The file of caught mails, one JSON object a line."""
        return self.var / "mail.jsonl"

    def address(self, service: Service) -> str:
        """Return `host:port` of a service."""
        usual = f"{LOOPBACK}:{self.port + service.offset}"
        return self.moved.get(f"{service.prefix}_HTTP", usual)

    def url(self, service: Service) -> str:
        """Return the HTTP address of a service."""
        return f"http://{self.address(service)}"

    def sqlite(self, service: Service) -> str:
        """Return the database address of a service on SQLite."""
        return f"sqlite:///{self.var / service.name}.db"

    def ports(self) -> dict[str, int]:
        """Return every port this dev system listens on, by what listens there."""
        servers = {
            "Kafka": self.kafka_port,
            "Kafka's controller": self.controller_port,
            "the mail catcher": self.mail_port,
        }
        if self.postgres:
            servers["PostgreSQL"] = self.postgres_port
        services = {s.name: int(self.address(s).rpartition(":")[2]) for s in SERVICES}
        return services | servers

    def service_environment(
        self, service: Service, database: str, secrets: Secrets
    ) -> dict[str, str]:
        """Return the settings of one service; what the person has set overrides them."""
        digest = hashlib.sha256(secrets.token.encode()).hexdigest()
        values = {
            "HTTP": self.address(service),
            "KAFKA": f"{LOOPBACK}:{self.kafka_port}",
            "DATABASE": database,
            "ENVIRONMENT": "dev",
            "SECRET": secrets.secret,
            "TOKENS": f"dev={digest}:read+write+admin",
            "PUBLIC_URL": self.url(service),
        }
        if service is NOTIFIER:
            # So that a webhook on this machine can be paged.
            values["EGRESS_ALLOW"] = "127.0.0.0/8"
            values["SMTP"] = f"{LOOPBACK}:{self.mail_port}"
        return {f"{service.prefix}_{name}": value for name, value in values.items()}
