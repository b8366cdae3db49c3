"""The heartbeat goes out while all is well, and only then."""

import asyncio

from tocsin.heartbeat import Heartbeat


class Watcher:
    """What listens outside."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.heard_thrice = asyncio.Event()
        self.away = False
        self.troubles: list[str] = []

    async def beat(self, url: str) -> None:
        if self.away:
            raise OSError("away")
        self.heard.append(url)
        if len(self.heard) == 3:
            self.heard_thrice.set()

    def heartbeat(self, url: str = "https://watch.example.org/{service}/x") -> Heartbeat:
        return Heartbeat(url, "notifier", lambda: self.troubles, beat=self.beat, every=0.01)


async def test_it_names_the_service_and_goes_out_again_and_again() -> None:
    watcher, stop = Watcher(), asyncio.Event()
    running = asyncio.create_task(watcher.heartbeat().run(stop))
    async with asyncio.timeout(5):
        await watcher.heard_thrice.wait()
    stop.set()
    await running
    assert set(watcher.heard) == {"https://watch.example.org/notifier/x"}


async def test_in_trouble_it_is_silent() -> None:
    watcher = Watcher()
    watcher.troubles = ["relay: no progress for 61 s"]
    await watcher.heartbeat().beat()
    assert watcher.heard == []
    watcher.troubles = []
    await watcher.heartbeat().beat()
    assert len(watcher.heard) == 1


async def test_a_watcher_that_is_away_ends_nothing() -> None:
    watcher = Watcher()
    watcher.away = True
    await watcher.heartbeat().beat()
    watcher.away = False
    await watcher.heartbeat().beat()
    assert len(watcher.heard) == 1


async def test_without_an_address_there_is_nothing_to_do() -> None:
    async with asyncio.timeout(5):
        await Watcher().heartbeat("").run(asyncio.Event())
