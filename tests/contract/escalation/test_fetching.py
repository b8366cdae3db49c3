"""Calendars are got from real servers, some of which mean no good; nothing inside is called."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from escalation.adapters.fetching import MOST, HttpFetch
from escalation.ports import UnreadableError
from tocsin.egress import Egress

LOOPBACK = ["127.0.0.0/8"]
SECRET = "token=s3cret"
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A web server whose one answer is `handle`'s; it remembers what it was asked."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self.asked: list[web.Request] = []
        self.port = 0

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/cal.ics?{SECRET}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.handle(request)


@asynccontextmanager
async def site(handle: Handle, tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    found = Site(handle)
    app = web.Application()
    app.router.add_get("/{path:.*}", found.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        listening = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await listening.start()
        found.port = runner.addresses[0][1]
        yield found
    finally:
        await runner.cleanup()


class Names:
    """A resolver that gives one answer after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        del port
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def calendar(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"BEGIN:VCALENDAR")


async def refused(fetch: HttpFetch, url: str) -> str:
    """Return why, which must not tell anything of the address but what its owner wrote openly."""
    with pytest.raises(UnreadableError) as caught:
        await fetch(url)
    assert "s3cret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    return str(caught.value)


async def test_what_is_there_is_got() -> None:
    async with site(calendar) as found:
        names = Names(["127.0.0.1"])
        fetch = HttpFetch(Egress(LOOPBACK, resolve=names))
        assert await fetch(found.url("cal.example")) == b"BEGIN:VCALENDAR"
    (request,) = found.asked
    assert request.host == f"cal.example:{found.port}"
    assert request.path_qs == f"/cal.ics?{SECRET}"
    assert request.headers["accept-encoding"] == "identity"


async def test_the_next_address_is_called_where_nobody_answers_at_the_first() -> None:
    async with site(calendar) as found:
        fetch = HttpFetch(Egress(LOOPBACK, resolve=Names(["127.0.0.2", "127.0.0.1"])))
        assert await fetch(found.url("cal.example")) == b"BEGIN:VCALENDAR"


async def test_the_next_address_is_called_where_nothing_comes_back_from_the_first() -> None:
    """As of IPv6 that something on the way swallows."""
    async with site(calendar) as found:
        with socket.socket() as mute, ExitStack() as callers:
            mute.bind(("127.0.0.2", found.port))
            mute.listen(0)
            for _ in range(4):  # No more is taken in, and whoever calls hears nothing.
                caller = callers.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex(("127.0.0.2", found.port))
            names = Names(["127.0.0.2", "127.0.0.1"])
            fetch = HttpFetch(Egress(LOOPBACK, resolve=names), within=4)
            assert await fetch(found.url("cal.example")) == b"BEGIN:VCALENDAR"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
async def test_no_name_leads_inside(address: str) -> None:
    fetch = HttpFetch(Egress(resolve=Names([address]), setting="ESCALATION_EGRESS_ALLOW"))
    for url in ("https://cal.example/", "http://cal.example/"):
        assert "does not let out to (ESCALATION_EGRESS_ALLOW)" in await refused(fetch, url)


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://127.1/"],
)
async def test_no_spelling_of_an_address_leads_inside(url: str) -> None:
    await refused(HttpFetch(Egress()), url)


async def test_a_redirect_inside_is_not_followed() -> None:
    async with site(calendar) as inside:

        async def moved(_: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"location": inside.url("inside.example")})

        async with site(moved) as outside:
            # What it leads to has an address that is not let out to.
            names = Names(["127.0.0.1"], ["10.0.0.1"])
            fetch = HttpFetch(Egress(LOOPBACK, resolve=names))
            why = await refused(fetch, outside.url("cal.example"))
        assert "does not let out to" in why
        assert names.asked == ["cal.example", "inside.example"]
        assert inside.asked == []


async def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    """Looked up once: what was checked is called."""
    async with site(calendar) as found:
        names = Names(["127.0.0.1"], ["10.0.0.1"])
        assert await HttpFetch(Egress(LOOPBACK, resolve=names))(found.url("cal.example"))
        assert names.asked == ["cal.example"]


async def test_redirects_are_followed_and_not_for_ever() -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        left = int(request.query.get("left", "0"))
        if not left:
            return await calendar(request)
        return web.Response(status=301, headers={"location": f"/next?left={left - 1}"})

    async with site(moved) as found:
        fetch = HttpFetch(Egress(LOOPBACK))
        assert await fetch(f"{found.url()}&left=3") == b"BEGIN:VCALENDAR"
        assert "redirects" in await refused(fetch, f"{found.url()}&left=4")


@pytest.mark.parametrize("status", [204, 304, 401, 404, 500])
async def test_another_answer_is_none(status: int) -> None:
    async def says(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    async with site(says) as found:
        assert str(status) in await refused(HttpFetch(Egress(LOOPBACK)), found.url())


async def test_a_redirect_to_nowhere_is_no_answer() -> None:
    async def moved(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"location": "file:///etc/passwd"})

    async with site(moved) as found:
        assert "https" in await refused(HttpFetch(Egress(LOOPBACK)), found.url())


async def test_what_is_too_large_is_not_taken_in_whole() -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 20 * MOST:
            await response.write(b"X" * 65_536)
            sent += 65_536
        return response

    async with site(endless) as found:
        assert "larger" in await refused(HttpFetch(Egress(LOOPBACK)), found.url())
    assert sent < 20 * MOST


async def test_nothing_is_unpacked() -> None:
    async def packed(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x", headers={"content-encoding": "gzip"})

    async with site(packed) as found:
        assert "packed" in await refused(HttpFetch(Egress(LOOPBACK)), found.url())


async def test_who_says_little_and_slowly_is_not_waited_for() -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"X")
            await asyncio.sleep(0.02)

    async with site(slow) as found:
        fetch = HttpFetch(Egress(LOOPBACK), within=0.5)
        assert "within 0.5 s" in await refused(fetch, found.url())


async def test_an_answer_that_breaks_off_is_none() -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-length": "100"})
        await response.prepare(request)
        await response.write(b"BEGIN:VCALENDAR")
        assert request.transport
        request.transport.close()
        return response

    async with site(broken) as found:
        assert "no answer" in await refused(HttpFetch(Egress(LOOPBACK)), found.url())


async def test_nobody_listens() -> None:
    async with site(calendar) as found:
        url = found.url()
    assert "ConnectError" in await refused(HttpFetch(Egress(LOOPBACK)), url)


@pytest.mark.parametrize("url", ["ftp://cal.example/", "https://ada:pw@cal.example/", "//x", "x:"])
async def test_what_is_no_address_of_the_web_is_not_called(url: str) -> None:
    assert "https://host/path" in await refused(HttpFetch(Egress(resolve=Names(["8.8.8.8"]))), url)


async def test_plain_http_is_for_networks_that_are_allowed_by_name() -> None:
    fetch = HttpFetch(Egress(resolve=Names(["8.8.8.8"])))
    assert "not https" in await refused(fetch, "http://cal.example/")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate of this name, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not there to make a certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name}"
    more = f"-addext subjectAltName=DNS:{name} -keyout {key} -out {cert}"
    subprocess.run([openssl, *words.split(), *more.split()], check=True, capture_output=True)
    return cert, key


async def test_a_certificate_is_held_to_the_name_and_not_to_the_address(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "cal.example")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(cert, key)
    trusting = ssl.create_default_context(cafile=str(cert))
    async with site(calendar, serving) as found:
        egress = Egress(LOOPBACK, resolve=Names(["127.0.0.1"]))
        fetch = HttpFetch(egress, trusting)
        assert await fetch(found.url("cal.example", "https")) == b"BEGIN:VCALENDAR"
        await refused(fetch, found.url("another.example", "https"))
        await refused(HttpFetch(egress), found.url("cal.example", "https"))
