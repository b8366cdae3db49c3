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
PORTS_OF_A_SYSTEM = 40  # From its first on: services with their replicas, Kafka, the rest.
MOST_REPLICAS = 6  # As many ports are kept free above each service's own.
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
    services' databases are PostgreSQL's; moved: addresses the person has set, by variable;
    replicas: processes of each service; brokers: how many Kafka has.
    """

    var: Path
    port: int
    postgres: bool
    moved: Mapping[str, str] = field(default_factory=dict)
    replicas: int = 1
    brokers: int = 1

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Layout":
        """Read TOCSIN_VAR, TOCSIN_PORT, DATABASE, REPLICAS and BROKERS.

        A DevError names the one that is wrong.
        """
        last = LAST_PORT - PORTS_OF_A_SYSTEM + 1
        port = environment.get("TOCSIN_PORT") or DEFAULT_PORT
        if not port.isascii() or not port.isdigit() or not 0 < int(port) <= last:
            raise DevError(f"TOCSIN_PORT must be a port from 1 to {last}, not {port!r}.")
        database = environment.get("DATABASE") or "sqlite"
        if database not in {"sqlite", "postgres"}:
            raise DevError(f"DATABASE must be sqlite or postgres, not {database!r}.")
        brokers = environment.get("BROKERS") or "1"
        if brokers not in {"1", "3"}:
            raise DevError(f"BROKERS must be 1 or 3, not {brokers!r}.")
        var = Path(environment.get("TOCSIN_VAR") or DEFAULT_VAR)
        # A relative folder means the same whatever the working directory is.
        return cls(
            var=(ROOT / var).resolve(),
            port=int(port),
            postgres=database == "postgres",
            moved={name: environment[name] for name in HTTP_VARIABLES & environment.keys()},
            replicas=_replicas(environment, database),
            brokers=int(brokers),
        )

    @property
    def kafka_port(self) -> int:
        """The broker's port."""
        return self.port + 1

    @property
    def controller_port(self) -> int:
        """The port of the broker's controller."""
        return self.port + 2

    def broker_ports(self) -> dict[str, tuple[int, int]]:
        """Return each broker's name with its port and its controller's."""
        more = {
            f"kafka-{number}": (self.port + 7 + 2 * number, self.port + 8 + 2 * number)
            for number in range(2, self.brokers + 1)
        }
        return {"kafka": (self.kafka_port, self.controller_port), **more}

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

    def replica_names(self, service: Service) -> list[str]:
        """Return the name of each process of a service: its own, then with -2, -3 and so on."""
        more = [f"{service.name}-{number}" for number in range(2, self.replicas + 1)]
        return [service.name, *more]

    def address(self, service: Service, replica: int = 1) -> str:
        """Return `host:port` of one process of a service, counted from 1."""
        if replica > 1:
            return f"{LOOPBACK}:{self.port + service.offset + 3 + replica}"
        usual = f"{LOOPBACK}:{self.port + service.offset}"
        return self.moved.get(f"{service.prefix}_HTTP", usual)

    def url(self, service: Service, replica: int = 1) -> str:
        """Return the HTTP address of one process of a service, counted from 1."""
        return f"http://{self.address(service, replica)}"

    def sqlite(self, service: Service) -> str:
        """Return the database address of a service on SQLite."""
        return f"sqlite:///{self.var / service.name}.db"

    def ports(self) -> dict[str, int]:
        """Return every port this dev system listens on, by what listens there."""
        servers = {"the mail catcher": self.mail_port}
        for name, (port, controller) in self.broker_ports().items():
            said = name.capitalize()
            servers |= {said: port, f"{said}'s controller": controller}
        if self.postgres:
            servers["PostgreSQL"] = self.postgres_port
        services = {
            name: int(self.address(service, replica).rpartition(":")[2])
            for service in SERVICES
            for replica, name in enumerate(self.replica_names(service), start=1)
        }
        return services | servers

    def service_environment(
        self, service: Service, database: str, secrets: Secrets
    ) -> dict[str, str]:
        """Return the settings of one service; what the person has set overrides them.

        Further replicas differ in their address alone: see `address`.
        """
        digest = hashlib.sha256(secrets.token.encode()).hexdigest()
        values = {
            "HTTP": self.address(service),
            "KAFKA": ",".join(f"{LOOPBACK}:{port}" for port, _ in self.broker_ports().values()),
            "DATABASE": database,
            "ENVIRONMENT": "dev",
            "SECRET": secrets.secret,
            "TOKENS": f"dev={digest}:read+write+admin",
            "PUBLIC_URL": self.url(service),
            "ALARM": "mailto:operators@tocsin.localhost",
            "ALARM_SMTP": f"{LOOPBACK}:{self.mail_port}",
        }
        if service is NOTIFIER:
            # So that a webhook on this machine can be paged.
            values["EGRESS_ALLOW"] = "127.0.0.0/8"
            values["SMTP"] = f"{LOOPBACK}:{self.mail_port}"
        return {f"{service.prefix}_{name}": value for name, value in values.items()}


def _replicas(environment: Mapping[str, str], database: str) -> int:
    given = environment.get("REPLICAS") or "1"
    if given not in {str(number) for number in range(1, MOST_REPLICAS + 1)}:
        raise DevError(f"REPLICAS must be from 1 to {MOST_REPLICAS}, not {given!r}.")
    if given != "1" and database != "postgres":
        raise DevError(
            f"REPLICAS={given} needs DATABASE=postgres: SQLite's file has one process's writer."
        )
    return int(given)
