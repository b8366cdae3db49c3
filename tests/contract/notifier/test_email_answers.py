"""What each answer of a mail server means."""

from datetime import timedelta

import pytest

from notifier.adapters.channels import email as email_module
from notifier.adapters.channels.email import EmailChannel
from notifier.adapters.outbound import OutboundHttp
from tests.contract.notifier.providers import mail_provider
from tests.contract.test_channels import DOC, SECRET, mail
from tocsin.channels import (
    Accepted,
    Config,
    Content,
    Context,
    Delivered,
    Delivery,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)
from tocsin.egress import Egress
from tocsin.testing import START


@pytest.mark.parametrize(
    ("step", "said", "kind"),
    [
        ("mail", "451 later", Transient),
        ("mail", "550 not from you", Config),
        ("rcpt", "450 mailbox busy", Transient),
        ("rcpt", "451 greylisted", Transient),
        ("rcpt", "452 out of storage", Transient),
        ("rcpt", "550 no such user", TargetGone),
        ("rcpt", "553 mailbox name not allowed", TargetGone),
        ("rcpt", "554 relaying denied", Config),
        ("rcpt", "530 authentication required", Config),
        ("data", "451 local error", Transient),
        ("data", "550 looks like spam", Content),
        ("data", "554 refused", Content),
    ],
)
async def test_what_an_answer_of_smtp_means(step: str, said: str, kind: type[SendResult]) -> None:
    async with mail_provider({step: said}) as provider:
        result = await mail(provider.port).send(Delivery("d-1", "ada@example.org", 1, START), DOC)

    assert type(result) is kind
    assert not isinstance(result, Accepted | Delivered)
    assert result.reason == f"SMTP {said[:3]}"


async def test_silence_after_the_mail_is_unknown() -> None:
    async with mail_provider(silent_at="data") as provider:
        channel = mail(provider.port)
        result = await channel.send(Delivery("d-1", "ada@example.org", 1, START), DOC)

    assert isinstance(result, Unknown)
    assert timedelta(seconds=email_module.DATA) < channel.info.deadline


async def test_without_a_server_mail_is_a_matter_of_config() -> None:
    channel = EmailChannel({}, Context(OutboundHttp(Egress()), SECRET))

    result = await channel.send(Delivery("d-1", "ada@example.org", 1, START), DOC)

    assert isinstance(result, Config)
    assert not (await channel.check())[0].ok


async def test_the_set_up_can_be_tested_without_a_mail() -> None:
    async with mail_provider() as provider:
        channel = mail(provider.port)
        assert (await channel.check())[0].ok
        assert provider.mails == []


async def test_a_connection_serves_several_mails_and_its_loss_is_no_loss() -> None:
    async with mail_provider() as provider:
        channel = mail(provider.port)
        for _ in range(3):
            assert isinstance(
                await channel.send(Delivery("d-1", "ada@example.org", 1, START), DOC), Accepted
            )
        assert len(provider.sessions) == 1
