"""A call of a channel: within its time, and whatever it does wrong ends as an outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from tocsin.channels import Channel, Config, SendResult, Unknown

log = structlog.get_logger(__name__)
GRACE = timedelta(seconds=1)  # What a channel may be late by, before it is cut off.
Call = Callable[[Channel], Awaitable[SendResult]]


async def called(name: str, channel: Channel | None, call: Call) -> SendResult:
    """Return the outcome of a call; one that was cut off, or failed, may have been heard."""
    if channel is None:
        return Config(f"no channel {name!r} is set up")
    try:
        async with asyncio.timeout((channel.info.deadline + GRACE).total_seconds()):
            return await call(channel)
    except TimeoutError:
        return Unknown(f"{name} took longer than it may")
    except Exception as error:
        # The border to code of others: its fault must not cost the message its next attempt.
        log.exception("channel_failed", channel=name)
        return Unknown(f"{name} failed: {type(error).__name__}")
