"""Gets a calendar from an address that somebody wrote: bounded, and nowhere inside.

Each address, of each redirect too, is looked up once and checked, and the one that was checked is
called. Nothing is unpacked: a small answer must not become a large one.
"""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import aclosing

import httpx

from escalation.ports import UnreadableError
from tocsin.channels import DeniedError, NotSentError
from tocsin.egress import Egress

WITHIN = 10.0
MOST = 1024 * 1024
MOST_REDIRECTS = 3
MOST_ADDRESSES = 3
CONNECTED_WITHIN = 1 / 4  # Of all the time: the last of the addresses wants some too.
PORTS = {"https": 443, "http": 80}
REDIRECTS = {301, 302, 303, 307, 308}
HEADERS = {
    "accept": "text/calendar, */*;q=0.1",
    "accept-encoding": "identity",
    "user-agent": "tocsin",
}


class HttpFetch:
    """Fills the port `Fetch`."""

    def __init__(
        self, egress: Egress, tls: ssl.SSLContext | None = None, within: float = WITHIN
    ) -> None:
        """Go where `egress` lets out to, trust what `tls` trusts, and wait `within` seconds."""
        self._egress = egress
        self._tls = tls
        self._within = within

    async def __call__(self, url: str) -> bytes:
        """Return what is there; raise UnreadableError."""
        self._tls = self._tls or ssl.create_default_context()
        try:
            waits = httpx.Timeout(self._within, connect=self._within * CONNECTED_WITHIN)
            # `trust_env` would let a proxy look names up, unchecked.
            async with (
                asyncio.timeout(self._within),
                httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=waits) as client,
            ):
                return await self._followed(client, httpx.URL(url))
        except TimeoutError as error:
            raise UnreadableError(f"no whole answer within {self._within:g} s") from error
        except DeniedError as error:
            raise UnreadableError(str(error)) from error
        except NotSentError as error:
            raise UnreadableError("its name does not resolve") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # Its own words may hold the address.
            raise UnreadableError(f"no answer: {type(error).__name__}") from error

    async def _followed(self, client: httpx.AsyncClient, url: httpx.URL) -> bytes:
        for _ in range(1 + MOST_REDIRECTS):
            async with aclosing(await self._answer(client, url)) as response:
                if response.status_code not in REDIRECTS:
                    return await _body(response)
                url = url.join(response.headers.get("location", ""))
        raise UnreadableError(f"more than {MOST_REDIRECTS} redirects")

    async def _answer(self, client: httpx.AsyncClient, url: httpx.URL) -> httpx.Response:
        """Ask the first of the addresses of a name that can be connected to."""
        *others, last = await self._checked(url)
        for address in others:
            try:
                return await _sent(client, url, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await _sent(client, url, last)

    async def _checked(self, url: httpx.URL) -> Sequence[str]:
        """Return the addresses of a URL, if it may be called."""
        if url.scheme not in PORTS or not url.host or url.userinfo:
            raise UnreadableError("the address is not https://host/path")
        addresses = await self._egress.addresses(url.host, url.port or PORTS[url.scheme])
        if url.scheme == "http" and not all(map(self._egress.excepts, addresses)):
            raise UnreadableError(
                "the address is not https; plain http is for networks in ESCALATION_EGRESS_ALLOW"
            )
        return addresses[:MOST_ADDRESSES]


async def _sent(client: httpx.AsyncClient, url: httpx.URL, address: str) -> httpx.Response:
    """Call an address by the name that it was looked up for: in the Host header and for TLS."""
    request = client.build_request(
        "GET",
        url.copy_with(host=address, fragment=None),
        headers={**HEADERS, "host": url.netloc.decode("ascii")},
        extensions={"sni_hostname": url.raw_host.decode("ascii").strip("[]")},
    )
    return await client.send(request, stream=True, follow_redirects=False)


async def _body(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise UnreadableError(f"answered {response.status_code}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnreadableError("the answer is packed, although that was not asked for")
    received = bytearray()
    async for piece in response.aiter_raw():
        received += piece
        if len(received) > MOST:
            raise UnreadableError(f"it is larger than {MOST // 1024} KiB")
    return bytes(received)
