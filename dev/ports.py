"""Ports on loopback: which are free, and waiting until one answers."""

import asyncio
import random
import socket
import time

LOOPBACK = "127.0.0.1"
# Below the ephemeral range of Linux and macOS, so that no outgoing connection takes one meanwhile.
TEST_PORTS = range(20_000, 32_000)


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Pick different free loopback ports at random, so that parallel test runs rarely meet."""
    found: list[int] = []
    for port in random.sample(TEST_PORTS, k=len(TEST_PORTS)):
        if len(found) == count:
            break
        if port_is_free(port):
            found.append(port)
    return found


def free_range(count: int) -> int:
    """Pick a loopback port at random from which on `count` are free."""
    while True:
        (port,) = free_ports(1)
        if all(map(port_is_free, range(port, port + count))):
            return port


async def wait_for_port(port: int, *, within: float) -> bool:
    """Wait until something accepts connections on a loopback port; False when time is up."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(LOOPBACK, port), timeout=1)
        except (OSError, TimeoutError):
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return True
    return False
