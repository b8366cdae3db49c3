"""Settings from the environment: typed, prefixed, complaining about everything wrong at once."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from tocsin.errors import MisconfiguredError

MAX_PORT = 65_535
DEV_SECRET = "dev-secret-change-me"  # noqa: S105 - refused outside dev.


def _split(value: Any) -> Any:  # noqa: ANN401 - whatever was given; pydantic judges the parts.
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Csv = Annotated[tuple[str, ...], BeforeValidator(_split)]


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a network; write 10.1.0.0/16") from error
    return texts


Networks = Annotated[Csv, AfterValidator(_networks)]


@dataclass(frozen=True, slots=True)
class ApiToken:
    """Who may call: a name, the SHA-256 of the token in hex, and what it may do."""

    name: str
    sha256: str
    scopes: frozenset[str]


class ServiceSettings(BaseModel):
    """What every service is told. Each field is the variable `<PREFIX>_<FIELD>`.

    The sentence below each is its line in docs/settings.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    http: str
    """Where to listen: `host:port`."""
    kafka: Csv = ("127.0.0.1:8011",)
    """Bootstrap servers, separated by commas."""
    database: str
    """`sqlite:///path`; `postgresql://user:password@host:port/name` for more than one replica."""
    environment: Literal["dev", "production"] = "dev"
    """`dev` or `production`; production refuses default secrets and missing tokens."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`."""
    secret: str = Field(default=DEV_SECRET, min_length=16, validate_default=True)
    """Signs links and sessions; at least 16 characters."""
    topic_prefix: str = Field(default="tocsin.", pattern=r"^[A-Za-z0-9._-]*$")
    """Goes before the name of each topic: several installations on one Kafka."""
    otlp: str = ""
    """Address of an OTLP/HTTP collector; `console` prints spans; empty: no traces."""
    tokens: Csv = Field(default=(), validate_default=True)
    """API tokens: `name=<sha256 of the token, hex>:read+write+admin`, separated by commas."""
    public_url: str = Field(default="", pattern=r"^(https?://[^\s/]+)?[^\s]*$")
    """How people reach this service; links in pages start with it."""
    drain_timeout: float = Field(default=25.0, gt=0, le=300)
    """Seconds that a stop may take."""
    alarm_smtp: str = Field(
        default="", pattern=r"^((smtps?://)?([^\s@/]+@)?[^\s@/:]+:[0-9]{1,5})?$"
    )
    """The mail server of alarms: `host:port`, or `smtp(s)://user:password@host:port`."""
    alarm_from: str = Field(default="Tocsin <tocsin@localhost.localdomain>", pattern="@")
    """The sender of those mails."""
    alarm: Csv = Field(default=(), validate_default=True)
    """Who is told, by the second path, of what is overdue: `mailto:ops@example.org` or
    `https://…`, separated by commas.
    """
    heartbeat: str = Field(default="", pattern=r"^(https?://[^\s/]+\S*)?$")
    """Address that is called (GET) while the process is well; `{service}` is replaced."""
    heartbeat_every: float = Field(default=30.0, ge=1, le=3600)
    """Seconds between two of them."""

    # By validator, not by pattern: a service that names its own default keeps the check.
    @field_validator("http")
    @classmethod
    def _listens_somewhere(cls, value: str) -> str:
        if (
            not re.fullmatch(r"[^:\s]+:[0-9]{1,5}", value)
            or int(value.rpartition(":")[2]) > MAX_PORT
        ):
            raise ValueError("write host:port, such as 127.0.0.1:8010")
        return value

    @field_validator("database")
    @classmethod
    def _is_a_known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("write sqlite:///path or postgresql://user:password@host:port/name")
        return value

    # Field by field, so that what production refuses is told together with everything else.
    @field_validator("secret")
    @classmethod
    def _is_ones_own_in_production(cls, value: str, info: ValidationInfo) -> str:
        if value == DEV_SECRET and info.data.get("environment") == "production":
            raise ValueError("is the default; set one of your own in production")
        return value

    @field_validator("tokens")
    @classmethod
    def _are_tokens(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not value and info.data.get("environment") == "production":
            raise ValueError("none is set; production needs name=sha256:scope+scope")
        for token in value:
            _api_token(token)
        return value

    @field_validator("alarm")
    @classmethod
    def _can_be_told(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for address in value:
            if not re.fullmatch(r"mailto:[^\s@]+@[^\s@]+|https?://[^\s/]+\S*", address):
                raise ValueError("write mailto:ops@example.org or https://…, separated by commas")
            if address.startswith("mailto:") and not info.data.get("alarm_smtp"):
                raise ValueError("a mail needs a server: set ALARM_SMTP to host:port")
        return value

    @property
    def api_tokens(self) -> tuple[ApiToken, ...]:
        """The API tokens that may call this service."""
        return tuple(_api_token(token) for token in self.tokens)

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to listen."""
        host, _, port = self.http.rpartition(":")
        return host, int(port)


_OF_NOTHING = hashlib.sha256().hexdigest()


def _api_token(text: str) -> ApiToken:
    name, _, rest = text.partition("=")
    digest, _, scopes = rest.partition(":")
    if not name or not re.fullmatch(r"[0-9a-fA-F]{64}", digest) or not scopes:
        raise ValueError("write each as name=<sha256 of the token, hex>:read+write+admin")
    if digest.lower() == _OF_NOTHING:
        raise ValueError("one is the SHA-256 of nothing; a token must not be empty")
    return ApiToken(name, digest.lower(), frozenset(scopes.split("+")))


S = TypeVar("S", bound=ServiceSettings)


def from_env(kind: type[S], prefix: str, environ: Mapping[str, str]) -> S:
    """Return the settings of `kind` from variables that start with `prefix` and an underscore.

    Raises MisconfiguredError with every mistake, each naming its variable; a variable with the
    prefix that means nothing is a mistake too.
    """
    start = f"{prefix}_"
    given = {
        name.removeprefix(start).lower(): value
        for name, value in environ.items()
        if name.startswith(start)
    }
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise MisconfiguredError([_mistake(start, item) for item in error.errors()]) from error


def _mistake(start: str, item: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails.
    place = "_".join(str(part) for part in item["loc"]).upper()
    message = str(item["msg"]).removeprefix("Value error, ")
    if not place:  # A check over several fields names its field at the front of the message.
        field, _, message = message.partition(": ")
        place = field.upper()
    hints = {
        "extra_forbidden": "is not a setting; see docs/operations.md for the list",
        "missing": "is not set",
    }
    return f"{start}{place}: {hints.get(item['type'], message)}"
