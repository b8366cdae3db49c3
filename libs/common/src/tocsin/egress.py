"""Where this installation lets out to: every address is checked, and the checked one is used.

A name is resolved once; if any of its addresses is denied the whole name is, so that neither a
rebinding name nor one of several records leads inside. Addresses that carry another one in them
(IPv4-mapped, NAT64, 6to4, Teredo) are judged by what they carry as well.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from tocsin.channels import DeniedError, NotSentError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Explicit, because `is_private` and `is_global` miss some of these.
DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # "this network"; reaches loopback on Linux
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/128",  # unspecified
        "::1/128",  # loopback
        "::/96",  # IPv4-compatible
        "64:ff9b:1::/48",  # local NAT64
        "100::/64",  # discard
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # unique local
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local
        "ff00::/8",  # multicast
    )
)
_MAPPED = ip_network("::ffff:0:0/96")
_NAT64 = ip_network("64:ff9b::/96")
_6TO4 = ip_network("2002::/16")


def carried(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address carries, or the address itself."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _6TO4:
        return IPv4Address((int(address) >> 80) & 0xFFFF_FFFF)
    return address


def is_denied(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Return whether nothing may be sent to this address; `allowed` networks are excepted."""
    judged = carried(address)
    if any(judged in network for network in allowed):
        return False
    return any(judged in network for network in DENIED)


class Egress:
    """The guard: gives the addresses that a host may be reached at."""

    def __init__(
        self,
        allowed: Iterable[str] = (),
        resolve: Resolve | None = None,
        setting: str = "NOTIFIER_EGRESS_ALLOW",
    ) -> None:
        """Except the networks `allowed` (CIDR) by `setting`; look names up with `resolve`."""
        self._setting = setting
        self._allowed = tuple(ip_network(text) for text in allowed)
        if any(IPv4Address("127.0.0.1") in network for network in self._allowed):
            self._allowed += (ip_network("::1/128"),)  # `localhost` has both.
        self._resolve = resolve or _system_resolve

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return every address of `host`, all of them checked; raise NotSentError."""
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NotSentError(f"the name {host!r} does not resolve") from error
        if not found:
            raise NotSentError(f"the name {host!r} has no address")
        for address in found:
            self.check(address)
        return list(dict.fromkeys(found))

    def check(self, address: str) -> None:
        """Raise DeniedError unless this address may be sent to."""
        if is_denied(ip_address(address.partition("%")[0]), self._allowed):
            # The address itself is not told: an error must not map the inside.
            raise DeniedError(
                "this leads to a network that this installation does not let out to"
                f" ({self._setting})"
            )

    def excepts(self, address: str) -> bool:
        """Return whether this address is in one of the networks that are allowed by name."""
        judged = carried(ip_address(address.partition("%")[0]))
        return any(judged in network for network in self._allowed)


async def _system_resolve(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(sockaddr[0]) for _, _, _, _, sockaddr in found]
