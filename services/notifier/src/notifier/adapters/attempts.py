"""One attempt: the message rendered, the channel called within its deadline, its answer judged."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from notifier.adapters.calling import GRACE, called
from notifier.domain import reply
from notifier.domain.posting import post_id
from notifier.domain.rendering import render, render_summary
from notifier.ports import Job
from tocsin import telemetry
from tocsin.channels import (
    Channel,
    ChannelInfo,
    Config,
    Delivery,
    ExternalRef,
    MessageDoc,
    Reconciles,
    SendResult,
    Updates,
)

SENT = Counter("tocsin_notifications", "Attempts to reach a person", ["channel", "outcome"])
SECONDS = Histogram("tocsin_notification_seconds", "One attempt, at the provider", ["channel"])


class Attempts:
    """Makes attempts. What a channel does wrong ends here, as an outcome like any other."""

    def __init__(self, channels: Mapping[str, Channel], *, secret: str, public_url: str) -> None:
        """Call `channels`; `secret` and `public_url` make the links in messages."""
        self._channels = channels
        self._secret = secret
        self._public_url = public_url.rstrip("/")

    @property
    def infos(self) -> dict[str, ChannelInfo]:
        """What each channel says of itself."""
        return {name: channel.info for name, channel in self._channels.items()}

    def longest(self, job: Job) -> timedelta:
        """Return how long an attempt of this job may take at most."""
        channel = self._channels.get(job.notification.contact.channel)
        return channel.info.deadline + GRACE if channel else timedelta(0)

    async def attempt(self, job: Job, now: datetime) -> SendResult:
        """Make one attempt and return its outcome."""
        notification = job.notification
        name = notification.contact.channel
        channel = self._channels.get(name)
        if channel is None:
            return Config(f"no channel {name!r} is set up")
        traceparent = job.page.envelope.traceparent
        with (
            SECONDS.labels(name).time(),
            telemetry.span(f"notifier {name}", SpanKind.CLIENT, traceparent) as current,
        ):
            delivery = Delivery(
                job.delivery_id,
                notification.contact.address,
                notification.attempt,
                now,
                current,
            )
            result = await called(
                channel.info.name, channel, lambda one: self._tell(one, delivery, job)
            )
        SENT.labels(name, type(result).__name__.lower()).inc()
        return result

    async def _tell(self, channel: Channel, delivery: Delivery, job: Job) -> SendResult:
        notification = job.notification
        doc = self._doc(job)
        if notification.purpose != "page":
            if not isinstance(channel, Updates):
                return Config(f"{channel.info.name} cannot update")
            return await channel.update(delivery, ExternalRef.parse(notification.about), doc)
        if doc.repeat_possible and isinstance(channel, Reconciles):
            found = await channel.reconcile(delivery)
            if found is not None:
                return found
        return await channel.send(delivery, doc)

    def _doc(self, job: Job) -> MessageDoc:
        if job.others:
            return render_summary(
                [(part.notification, part.page, part.incident) for part in job.parts],
                public_url=self._public_url,
                token_of=_no_link if job.page.is_announcement else self._token_of,
            )
        # Where nobody is paged the buttons are the message's own: it has no one person's link.
        own = post_id(job.notification) if job.page.is_announcement else job.page.page_id
        return render(
            job.notification,
            job.page,
            job.incident,
            public_url=self._public_url,
            token=self._token_of(own),
        )

    def _token_of(self, page_id: str) -> str:
        return reply.link_token(self._secret, page_id)


def _no_link(page_id: str) -> str:
    del page_id
    return ""
