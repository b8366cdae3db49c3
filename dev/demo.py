"""`make demo`: one short real outage, told in the terminal while it happens."""

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel

from dev.layout import INTAKE, Layout
from dev.running import Running, integration, running
from dev.wire import receive

KEY = "demo-key-0123456789abcdef0123456"
SERVICE = "demo-checkout"
TITLE = "Checkout fails for 12 % of customers"
WITHIN = 30.0
LINK = re.compile(r"https?://\S+/a/[\w.~-]+")


@dataclass
class Story:
    """The teller: what was said, and what came in meanwhile."""

    system: Running
    console: Console
    pages: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Tell one thing, with the seconds since the alert."""
        self.console.print(f"[dim]{time.monotonic() - self.started:5.1f} s[/dim]  {text}")

    async def until(self, what: str, found: Any) -> Any:  # noqa: ANN401 - whatever is looked for.
        """Wait for something, and return it."""
        deadline = time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            if result := await found():
                return result
            await asyncio.sleep(0.1)
        raise RuntimeError(f"{what} did not come within {WITHIN:.0f} s")


def catalog(port: int) -> list[dict[str, Any]]:
    """Return the demo's team: dana is paged by webhook and mail, eli after two minutes."""

    def user(name: str) -> dict[str, Any]:
        methods = [
            {"name": "hook", "channel": "webhook", "address": f"http://127.0.0.1:{port}/{name}"},
            {"name": "mail", "channel": "email", "address": f"{name}@example.org"},
        ]
        rules = [
            {"urgency": "high", "contact_method": method, "after": "0s"}
            for method in ("hook", "mail")
        ]
        spec = {"contact_methods": methods, "notification_rules": rules}
        return {"kind": "User", "name": name, "spec": spec}

    levels = [
        {"targets": [{"user": "dana"}], "escalate_after": "2m"},
        {"targets": [{"user": "eli"}], "escalate_after": "5m"},
    ]
    return [
        user("dana"),
        user("eli"),
        {"kind": "EscalationPolicy", "name": SERVICE, "spec": {"levels": levels}},
        {"kind": "Service", "name": SERVICE, "spec": {"escalation_policy": SERVICE}},
        integration("demo-outage", KEY, "generic", SERVICE),
    ]


async def tell(system: Running, console: Console) -> None:
    """Let the outage happen, and tell it."""
    story = Story(system, console)
    server, port = await receive(lambda body: story.pages.append(json.loads(body)))
    async with server, system.client() as client:
        await system.apply(catalog(port), "demo-outage")
        story.say("A team is on call: [bold]dana[/bold] first, [bold]eli[/bold] after two minutes.")
        story.started = time.monotonic()
        await _ring(story, client, "firing")
        incident = await _paged(story, client)
        await _acknowledged(story, client, incident)
        await _ring(story, client, "resolved")
        await _resolved(story, client, incident)
        await _postmortem(story, client, incident)


async def _ring(story: Story, client: httpx.AsyncClient, status: str) -> None:
    body = {"title": TITLE, "severity": "critical", "dedup_key": "demo", "status": status}
    answer = await client.post(
        f"{story.system.intake}/v1/alerts/generic", headers={"X-Tocsin-Key": KEY}, json=body
    )
    answer.raise_for_status()
    story.say(f"The monitoring says [bold]{status}[/bold]. Tocsin: 202, it is durable now.")


async def _paged(story: Story, client: httpx.AsyncClient) -> str:
    async def page() -> dict[str, Any] | None:
        return next((one for one in story.pages if one["type"] == "page"), None)

    found = await story.until("the page", page)
    incident = found["incident"]
    story.say(
        f"dana's webhook rings: [bold]#{incident['number']} {found['title']}[/bold]"
        f" ({incident['severity']}, {incident['service']})"
    )
    del client
    return str(incident["id"])


async def _acknowledged(story: Story, client: httpx.AsyncClient, incident: str) -> None:
    async def mail() -> str | None:
        with contextlib.suppress(FileNotFoundError):
            for line in story.system.layout.mails.read_text().splitlines():
                if TITLE in line and (link := LINK.search(json.loads(line)["text"])):
                    return link.group()
        return None

    link = await story.until("the mail", mail)
    story.say("Her mail arrives too. A mail scanner opens its link: nothing happens.")
    (await client.get(link)).raise_for_status()
    assert (await _incident(story, client, incident))["status"] == "triggered"
    (await client.post(link)).raise_for_status()

    async def acknowledged() -> bool:
        return bool((await _incident(story, client, incident))["status"] == "acknowledged")

    await story.until("the acknowledgement", acknowledged)
    story.say("dana presses the button: [bold]acknowledged[/bold]. eli sleeps on.")


async def _resolved(story: Story, client: httpx.AsyncClient, incident: str) -> None:
    async def resolved() -> bool:
        return bool((await _incident(story, client, incident))["status"] == "resolved")

    await story.until("the end", resolved)
    story.say("The incident is [bold]resolved[/bold]. The postmortem has written itself:")


async def _incident(story: Story, client: httpx.AsyncClient, identity: str) -> dict[str, Any]:
    answer = await client.get(f"{story.system.intake}/v1/incidents/{identity}")
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


async def _postmortem(story: Story, client: httpx.AsyncClient, incident: str) -> None:
    base = f"{story.system.postmortem}/v1/postmortems"

    async def draft() -> str | None:
        for item in (await client.get(base)).json()["items"]:
            if item["incident_id"] == incident:
                return str(item["id"])
        return None

    identity = await story.until("the draft", draft)
    text = (await client.get(f"{base}/{identity}.md")).text
    story.console.print(Panel(Markdown(text), title="postmortem, draft", padding=(1, 2)))
    story.console.print(f"It is at {base}/{identity}.md")


@contextlib.contextmanager
def _system(console: Console) -> Iterator[Running]:
    """Take the system that is up, or bring one up for the length of the story."""
    layout = Layout.of(os.environ)
    if _is_up(layout):
        yield Running(layout, (layout.var / "token").read_text().strip())
        return
    console.print("No system is up here: starting one for the length of the story.")
    with running() as system:
        yield system


def _is_up(layout: Layout) -> bool:
    try:
        answer = httpx.get(f"{layout.url(INTAKE)}/readyz", timeout=2, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.is_success


def main() -> None:
    """Tell the story."""
    console = Console()
    with _system(console) as system:
        asyncio.run(tell(system, console))


if __name__ == "__main__":
    main()
