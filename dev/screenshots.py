"""The console in pictures, for the README: `python -m dev screenshots` writes docs/screenshots/."""

import argparse
import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page

from dev.chromium import ABSENT, chromium, executable
from dev.layout import ROOT
from dev.ports import free_ports
from dev.story import NIGHT, NOW
from dev.story_catalog import SHOP, told
from postmortem import bootstrap
from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork
from postmortem.settings import PostmortemSettings
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Parts
from tocsin.serving import server_of
from tocsin.testing import ManualClock, MemoryBroker, MemoryStore

FOLDER = ROOT / "docs" / "screenshots"
TOKEN = "token-of-the-pictures"  # noqa: S105 - of a service that lives for a minute, in memory.
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
# What the repository keeps; `--all` takes every size in both, to look at.
LOOKS: tuple[tuple[str, str], ...] = (("phone", "dark"), ("desktop", "light"))
PAGES = {
    "incidents": "/",
    "incident": "/incidents/42",
    "on-call": "/on-call",
    "schedule": "/schedules/payments",
    "policy": "/policies/payments",
    "silences": "/silences",
    "postmortem": f"/postmortems/inc_{39:032x}",
}
MOST_BYTES = 150_000


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """Serve a console in which a night has happened; yield its address."""
    (port,) = free_ports(1)
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    settings = PostmortemSettings(
        http=f"127.0.0.1:{port}", tokens=(f"pictures={digest}:read+write",)
    )
    store = MemoryStore(MemoryPostmortemUnitOfWork)
    clock = ManualClock(NOW)
    parts = Parts[PostmortemUnitOfWork](store, clock, CatalogHolder(SHOP), MemoryBroker())
    application = bootstrap.build(settings, parts)
    async with store.begin() as uow:
        await Handlers().on_events(uow, NIGHT, NOW)
        await Handlers().on_catalog(uow, told(), NOW)
    server = server_of(application.http, settings)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        for close in application.http.state.closing:  # type: ignore[attr-defined]  # It is a FastAPI app.
            close()
        server.should_exit = True
        await task


async def pictures(folder: Path, looks: Iterable[tuple[str, str]]) -> list[Path]:
    """Write every page in these looks; return the files."""
    made = []
    async with serving() as address, chromium() as browser:
        for size, scheme in looks:
            page = await _page(browser, *SIZES[size], scheme)
            made.append(folder / f"login-{size}-{scheme}.png")
            await _log_in(page, address, made[-1])
            for name, path in PAGES.items():
                made.append(folder / f"{name}-{size}-{scheme}.png")
                await page.goto(address + path)
                await page.screenshot(path=made[-1])
            await page.context.close()
    return made


async def _page(browser: Browser, width: int, height: int, scheme: str) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        timezone_id="Europe/Paris",
    )
    await context.clock.set_fixed_time(NOW)
    return await context.new_page()


async def _log_in(page: Page, address: str, picture: Path) -> None:
    await page.goto(f"{address}/login")
    await page.screenshot(path=picture)
    await page.fill("#token", TOKEN)
    await page.fill("#person", "ada")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}/")


def main() -> None:
    """Write the pictures, and say which are too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--all", action="store_true", help="each size, dark and light")
    given = parser.parse_args()
    folder, looks = given.folder, LOOKS
    if given.all:
        looks = tuple((size, scheme) for size in SIZES for scheme in ("dark", "light"))
    if executable() is None:
        sys.exit(f"tocsin: {ABSENT}.")
    folder.mkdir(parents=True, exist_ok=True)
    for file in asyncio.run(pictures(folder, looks)):
        size = file.stat().st_size
        print(f"{file} {size // 1024} KiB" + (" TOO LARGE" if size > MOST_BYTES else ""))


if __name__ == "__main__":
    main()
