"""Takes a code to its address: one call, and whoever asked for it waits for the outcome."""

from collections.abc import Mapping
from datetime import datetime

import structlog

from notifier.adapters.calling import called
from notifier.domain.contact import ContactMethod
from tocsin.channels import Channel, Delivery, MessageDoc, SendResult, Unknown

log = structlog.get_logger(__name__)


class ChannelCourier:
    """Sends by the channels that pages go by: what is proven is the way that they take."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        """Send by `channels`."""
        self._channels = channels

    async def send(
        self, challenge_id: str, contact: ContactMethod, doc: MessageDoc, now: datetime
    ) -> SendResult:
        """Return what became of it."""
        name = contact.channel
        delivery = Delivery(challenge_id, contact.address, 1, now)

        async def call(channel: Channel) -> SendResult:
            try:
                return await channel.send(delivery, doc)
            except Exception as error:  # noqa: BLE001 - whatever it says may hold the code.
                log.error("code_not_sent", channel=name, error=type(error).__name__)  # noqa: TRY400
                return Unknown(f"{name} failed: {type(error).__name__}")

        return await called(name, self._channels.get(name), call)
