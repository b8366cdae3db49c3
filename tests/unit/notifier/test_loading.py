"""Which channels there are, and the settings that say so."""

from datetime import timedelta

import pytest

from notifier import bootstrap
from notifier.adapters.channels import faults, load
from notifier.adapters.outbound import OutboundHttp
from notifier.settings import NotifierSettings
from tests.unit.notifier.making import SECRET
from tests.unit.notifier.world import FakeChannel
from tocsin.channels import Cap, ChannelInfo, Context
from tocsin.egress import Egress
from tocsin.errors import MisconfiguredError
from tocsin.settings import from_env

CONTEXT = Context(OutboundHttp(Egress()), SECRET)


def test_our_own_channels_are_found_by_their_entry_points() -> None:
    found = load(["webhook", "email"], {}, CONTEXT)

    assert {name: channel.info.name for name, channel in found.items()} == {
        "webhook": "webhook",
        "email": "email",
    }


def test_what_is_not_on_the_list_is_not_loaded() -> None:
    assert set(load(["email"], {}, CONTEXT)) == {"email"}


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(MisconfiguredError) as caught:
        load(["fax", "webhook", "telex"], {"webhook": {"secret": "short"}}, CONTEXT)

    assert len(caught.value.mistakes) == 3
    assert all(text.startswith("NOTIFIER_CHANNELS: ") for text in caught.value.mistakes)


@pytest.mark.parametrize(
    ("info", "fault"),
    [
        (ChannelInfo("pigeon", api=2), "speaks API 2; this is 1"),
        (ChannelInfo("dove"), "calls itself 'dove'"),
        (ChannelInfo("pigeon", deadline=timedelta(seconds=16)), "may take 0:00:16"),
        (ChannelInfo("pigeon", Cap.SEND | Cap.CALLBACKS), "says CALLBACKS but has not its methods"),
        (ChannelInfo("pigeon", Cap.SEND | Cap.LISTEN), "says LISTEN but has not its methods"),
    ],
)
def test_a_channel_that_is_not_what_it_says_is_refused(info: ChannelInfo, fault: str) -> None:
    (found,) = faults("pigeon", FakeChannel(info))

    assert found.startswith(fault)


def test_something_that_is_no_channel_is_refused() -> None:
    assert faults("pigeon", object()) == ["has no `info` or no `send`"]


def test_settings_from_the_environment() -> None:
    found = from_env(
        NotifierSettings,
        "NOTIFIER",
        {
            "NOTIFIER_EGRESS_ALLOW": "127.0.0.0/8, 10.1.0.0/16",
            "NOTIFIER_SMTP": "127.0.0.1:8013",
            "NOTIFIER_MAIL_FROM": "Tocsin <tocsin@example.org>",
            "NOTIFIER_CHANNELS": "webhook,email,pigeon",
            "NOTIFIER_CHANNEL_OPTIONS": '{"pigeon": {"loft": "third roof"}}',
        },
    )

    assert found.egress_allow == ("127.0.0.0/8", "10.1.0.0/16")
    options = found.options()
    assert options["email"]["smtp"] == "127.0.0.1:8013"
    assert options["pigeon"] == {"loft": "third roof"}
    assert found.host_and_port == ("127.0.0.1", 8030)


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(MisconfiguredError) as caught:
        from_env(
            NotifierSettings,
            "NOTIFIER",
            {
                "NOTIFIER_EGRESS_ALLOW": "10.1.0.0/99",
                "NOTIFIER_SMTP": "mail.example.org",
                "NOTIFIER_CHANNEL_OPTIONS": "{not json",
                "NOTIFIER_MAIL_FROM": "x@y\r\nBcc: z@y",
            },
        )

    named = {text.partition(":")[0] for text in caught.value.mistakes}
    assert named == {
        "NOTIFIER_EGRESS_ALLOW",
        "NOTIFIER_SMTP",
        "NOTIFIER_CHANNEL_OPTIONS",
        "NOTIFIER_MAIL_FROM",
    }


def test_the_service_is_defined() -> None:
    assert (bootstrap.SERVICE.name, bootstrap.SERVICE.prefix) == ("notifier", "NOTIFIER")
