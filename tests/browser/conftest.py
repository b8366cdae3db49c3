"""Four real services in one process, their console on a port, and a real browser before it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from dev.chromium import ABSENT, chromium, executable
from dev.ports import free_ports
from postmortem.settings import PostmortemSettings
from tests.security.house import TOKENS, House, house, prepare
from tocsin.serving import server_of

SOON = 15_000
expect.set_options(timeout=SOON)
# Refused at once: nobody waits for a name that is not found.
NOWHERE = "https://127.0.0.1/ada"


@pytest.fixture(scope="session")
def foundation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate the databases of all services, to be copied."""
    folder = tmp_path_factory.mktemp("foundation")
    asyncio.run(prepare(folder))
    return folder


@dataclass
class Desk:
    """The house with its console served, and a browser at it. `wrong` is what it complained of."""

    house: House
    address: str
    browser: Browser
    wrong: list[str] = field(default_factory=list)

    async def opens(self, path: str = "/", *, scripts: bool = True, phone: bool = True) -> Page:
        """Open a page in a browser of its own, and complain of what breaks the policy."""
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        context = await self.browser.new_context(viewport=size, java_script_enabled=scripts)  # type: ignore[arg-type]
        context.set_default_timeout(SOON)
        context.on("console", lambda said: self._hears(said.type, said.text))
        context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        page = await context.new_page()
        await page.goto(self.address + path)
        return page

    async def logs_in(
        self,
        path: str = "/",
        *,
        role: str = "writer",
        person: str = "ada",
        scripts: bool = True,
        phone: bool = True,
    ) -> Page:
        """Open a page by the login, with the keyboard alone."""
        page = await self.opens(path, scripts=scripts, phone=phone)
        await page.focus("#token")
        await page.keyboard.type(TOKENS[role][0])
        await page.keyboard.press("Tab")
        await page.keyboard.type(person)
        await page.keyboard.press("Enter")
        await page.wait_for_url(self.address + path)
        return page

    def _hears(self, kind: str, text: str) -> None:
        # A page that is answered by 4xx says so; that is what some tests are about.
        if kind == "error" and "status of 4" not in text:
            self.wrong.append(text)


async def _live(found: House, stop: asyncio.Event) -> None:
    """Let the four services hear each other, as Kafka would, while time goes on."""
    while not stop.is_set():
        await found.passes(timedelta(milliseconds=50))
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _served(found: House) -> AsyncIterator[str]:
    (port,) = free_ports(1)
    server = server_of(found.app("postmortem"), PostmortemSettings(http=f"127.0.0.1:{port}"))
    stop = asyncio.Event()
    tasks = [asyncio.create_task(server.serve()), asyncio.create_task(_live(found, stop))]
    while not server.started:  # noqa: ASYNC110 - it tells nobody.
        await asyncio.sleep(0.02)
    try:
        yield f"http://localhost:{port}"
    finally:
        for close in found.app("postmortem").state.closing:
            close()
        server.should_exit = True
        stop.set()
        await asyncio.gather(*tasks)


@pytest.fixture
async def desk(foundation: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """Build the house, serve its console, and start a browser; it may have complained of nothing."""
    if executable() is None:
        pytest.skip(ABSENT)
    async with (
        house(foundation, tmp_path, address=NOWHERE) as found,
        _served(found) as address,
        chromium() as browser,
    ):
        made = Desk(found, address, browser)
        yield made
        assert made.wrong == []
