"""The fake provider: rings, and answers as providers do on bad days. It keeps a log of its own."""

import asyncio
import random
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from dev.chaos.ledger import Ledger, Ring

# Shares of the calls to a flaky address. After two attempts it is well again, so that runs end.
_FLAKY = {
    "ok": 55,
    "500": 10,
    "429 soon": 8,
    "429 absurd": 4,
    "429 date": 3,
    "cut": 8,  # It rang; the answer was lost.
    "slow": 6,
    "hang": 3,  # It rang; the answer comes after our deadline.
    "410": 3,
}
HEARD = frozenset({"ok", "cut", "slow", "hang"})
SLOW, HANG = 4.0, 14.0
WELL_AFTER = 2

OnRing = Callable[[Ring, dict[str, Any]], None]


class Provider:
    """A web server on loopback; the path is `/<person>/<method>`."""

    def __init__(self, ledger: Ledger, seed: int, on_ring: OnRing) -> None:
        """Log to `ledger`; tell `on_ring` of each ring that was heard."""
        self._ledger = ledger
        self._seed = seed
        self._on_ring = on_ring
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_post("/{person}/{method}", self._called)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _called(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        method = request.match_info["method"]
        delivery = request.headers.get("webhook-id", "")
        attempt = int(body.get("attempt", 1))
        behaviour = self._behaviour(method, delivery, attempt)
        for incident in body.get("incidents") or [body["incident"]]:
            ring = Ring(
                at=self._ledger.now(),
                person=request.match_info["person"],
                method=method,
                purpose=body["type"],
                incident=incident["id"],
                service=incident["service"],
                delivery=delivery,
                attempt=attempt,
                behaviour=behaviour,
                is_heard=behaviour in HEARD,
                repeat_possible=bool(body.get("repeat_possible")),
            )
            self._ledger.write(ring)
            if ring.is_heard:
                self._on_ring(ring, body)
        return await _answer(request, behaviour)

    def _behaviour(self, method: str, delivery: str, attempt: int) -> str:
        if method == "gone":
            return "410"
        if method != "flaky" or attempt > WELL_AFTER:
            return "ok"
        chance = random.Random(f"{self._seed} {delivery} {attempt}")
        return chance.choices(list(_FLAKY), list(_FLAKY.values()))[0]


async def _answer(request: web.Request, behaviour: str) -> web.StreamResponse:
    if behaviour == "cut" and request.transport is not None:
        request.transport.abort()
    await asyncio.sleep({"slow": SLOW, "hang": HANG}.get(behaviour, 0))
    after = {"429 soon": "1", "429 absurd": "999999999", "429 date": formatdate(usegmt=True)}
    headers = {"Retry-After": after[behaviour]} if behaviour in after else None
    status = int(behaviour[:3]) if behaviour[:3].isdigit() else 200
    return web.Response(status=status, headers=headers)
