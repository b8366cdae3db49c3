"""One `docker compose` project of the tests: own name, own ports, own secrets, gone afterwards."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from dev.layout import DEV_KEY, INTAKE, NOTIFIER, SERVICES, Service
from dev.ports import free_ports
from dev.settings import make
from tests.containers import engine

WITHIN = 240.0
T = TypeVar("T")


class Project:
    """The whole system as containers, and what people do with it from outside."""

    def __init__(self, name: str, folder: Path, images: Mapping[str, str]) -> None:
        ports = free_ports(len(SERVICES) + 1)
        self.ports = dict(zip((service.prefix for service in SERVICES), ports, strict=False))
        self.mail = f"http://127.0.0.1:{ports[-1]}"
        make(folder / "settings")
        self._name, self._file = name, folder / "compose.env"
        values = {**engine.defaults(), **images, "TOCSIN_SETTINGS": str(folder / "settings")}
        for prefix, port in self.ports.items():
            values[f"TOCSIN_{prefix}_PORT"] = str(port)
            values[f"TOCSIN_{prefix}_URL"] = f"http://127.0.0.1:{port}"
        values["TOCSIN_MAIL_PORT"] = str(ports[-1])
        self._file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        token = (folder / "settings" / "cli.env").read_text().strip().partition("=")[2]
        self.http = httpx.Client(
            headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    def compose(self, *words: str) -> str:
        """Run `docker compose …` for this project."""
        return engine.docker(
            "compose", "--project-name", self._name, "--env-file", str(self._file), *words
        )

    def up(self) -> None:
        """Start what does not run, and return when all is healthy."""
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "300")

    def tocsin(self, *words: str) -> str:
        """Run the operator's CLI as people do who have Docker alone."""
        return self.compose("run", "--rm", "--no-TTY", "tocsin", *words)

    def container(self, name: str) -> str:
        """Return the id of a container, also of one that has ended."""
        return self.compose("ps", "--all", "--quiet", name)

    def url(self, service: Service) -> str:
        """Return where a service is reached from this machine."""
        return f"http://127.0.0.1:{self.ports[service.prefix]}"

    def ring(self, title: str) -> int:
        """Let an alert ring, and return what intake answered; 0 for no answer."""
        body = {"title": title, "severity": "critical", "dedup_key": title}
        try:
            answer = httpx.post(
                f"{self.url(INTAKE)}/v1/alerts/generic",
                headers={"X-Tocsin-Key": DEV_KEY},
                json=body,
                timeout=10,
                trust_env=False,
            )
        except httpx.TransportError:
            return 0
        return answer.status_code

    def get(self, service: Service, path: str) -> Any:
        """Return the JSON at a path of a service."""
        answer = self.http.get(f"{self.url(service)}{path}")
        answer.raise_for_status()
        return answer.json()

    def mails(self, title: str) -> list[str]:
        """Return the text of each mail about an alert; late ones may be several in one."""
        with httpx.Client(base_url=f"{self.mail}/api/v1", timeout=30, trust_env=False) as client:
            found = client.get("/messages?limit=1000").json()["messages"]
            texts = [str(client.get(f"/message/{one['ID']}").json()["Text"]) for one in found]
        subjects = [str(one["Subject"]) for one in found]
        return [
            text for subject, text in zip(subjects, texts, strict=True) if title in subject + text
        ]

    def incident(self, title: str) -> dict[str, Any] | None:
        """Return the incident that an alert opened."""
        items = self.get(INTAKE, "/v1/incidents?limit=500")["items"]
        found: list[dict[str, Any]] = [one for one in items if one["title"] == title]
        assert len(found) <= 1, found
        return found[0] if found else None

    def acknowledge(self, link: str) -> None:
        """Press the button behind a mail's link."""
        assert link.startswith(self.url(NOTIFIER))
        self.http.post(link).raise_for_status()


@contextmanager
def project(folder: Path, images: Mapping[str, str]) -> Iterator[Project]:
    """Take a project for the length of a block; its containers and volumes are gone afterwards."""
    found = Project(f"tocsin-test-{folder.name.lower()}-{time.monotonic_ns()}", folder, images)
    try:
        yield found
    finally:
        found.http.close()
        found.compose("--profile", "cli", "down", "--volumes", "--timeout", "40")


def until(what: str, look: Callable[[], T | None]) -> T:
    """Look until there is something, for four minutes at most."""
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            found = look()
        except httpx.TransportError:
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.2)
