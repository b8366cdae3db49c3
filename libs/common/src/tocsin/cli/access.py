"""Where the services are and who we are: environment, `~/.config/tocsin.toml`, defaults."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.cli.failure import UsageError

SERVICES = {"incident-intake": 0, "escalation": 10, "notifier": 20, "postmortem": 30}
_SHORT = {"incident-intake": "intake"}
KAFKA_OFFSET = 1
LAST_PORT = 65_535 - max(SERVICES.values())
# What each setting means; `TOCSIN_…` in the environment goes before the file.
KEYS = {
    "url": "Where all services answer, behind one address.",
    "intake_url": "Where incident-intake answers, if it has an address of its own.",
    "escalation_url": "Where escalation answers.",
    "notifier_url": "Where notifier answers.",
    "postmortem_url": "Where postmortem answers.",
    "token": "The API token; without it, that of a system that `make up` runs in this folder.",
    "key": "The integration key of `tocsin ring`.",
    "kafka": "Bootstrap servers, for `tocsin topics`.",
    "topic_prefix": "Goes before the name of each topic.",
    "port": "The first port of a system that `make up` runs.",
    "var": "The folder of that system, whose `token` is read.",
}


@dataclass(frozen=True, slots=True)
class Access:
    """The address of each service, the token, and Kafka for those who provision topics."""

    urls: Mapping[str, str]
    token: str = field(repr=False)
    token_file: Path
    key: str = field(repr=False)
    kafka: tuple[str, ...]
    topic_prefix: str


def access(environ: Mapping[str, str], home: Path) -> Access:
    """Return how to reach Tocsin; UsageError names the setting that is wrong."""
    written = _file(home / ".config" / "tocsin.toml")

    def setting(name: str) -> str:
        return environ.get(f"TOCSIN_{name.upper()}") or written.get(name, "")

    port = _port(setting("port") or "8010")
    token_file = Path(setting("var") or "var") / "token"
    return Access(
        urls={
            service: _url(setting(f"{_SHORT.get(service, service)}_url") or setting("url"))
            or f"http://127.0.0.1:{port + offset}"
            for service, offset in SERVICES.items()
        },
        token=setting("token") or _token(token_file),
        token_file=token_file,
        key=setting("key"),
        kafka=tuple((setting("kafka") or f"127.0.0.1:{port + KAFKA_OFFSET}").split(",")),
        # An empty prefix is a prefix too.
        topic_prefix=environ.get("TOCSIN_TOPIC_PREFIX", written.get("topic_prefix", "tocsin.")),
    )


def _file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return {}
    try:
        written: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is not TOML: {error}") from error
    for name in written:
        if name not in KEYS:
            raise UsageError(f"{path}: {name} is not a setting; one of {', '.join(sorted(KEYS))}")
    return {name: str(value) for name, value in written.items()}


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= LAST_PORT:
        raise UsageError(f"TOCSIN_PORT must be a port from 1 to {LAST_PORT}, not {text!r}")
    return int(text)


def _url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise UsageError(f"{text!r} is not an address; write http://… or https://…")
    return text.rstrip("/")


def _token(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
