"""Settings of the second path: what cannot be told to anybody is refused at the start."""

import pytest

from tests.unit.common.test_settings import XSettings, mistakes
from tocsin.settings import from_env

SERVER = "127.0.0.1:25"


def test_by_default_nobody_is_told() -> None:
    found = from_env(XSettings, "X", {})
    assert (found.alarm, found.heartbeat, found.heartbeat_every) == ((), "", 30.0)


def test_mails_and_webhooks_are_separated_by_commas() -> None:
    given = {"X_ALARM": "mailto:ops@example.org, https://chat.example.org/hook"}
    found = from_env(XSettings, "X", {**given, "X_ALARM_SMTP": SERVER})
    assert found.alarm == ("mailto:ops@example.org", "https://chat.example.org/hook")


@pytest.mark.parametrize("address", ["ops@example.org", "mailto:ops", "ftp://x", "https://"])
def test_what_nobody_can_be_told_by_is_a_mistake(address: str) -> None:
    (mistake,) = mistakes(X_ALARM=address, X_ALARM_SMTP=SERVER)
    assert mistake == "X_ALARM: write mailto:ops@example.org or https://…, separated by commas"


def test_a_mail_needs_a_server() -> None:
    (mistake,) = mistakes(X_ALARM="mailto:ops@example.org")
    assert mistake == "X_ALARM: a mail needs a server: set ALARM_SMTP to host:port"


@pytest.mark.parametrize(
    "server", [SERVER, "smtp://mail.example.org:587", "smtps://me:secret@mail.example.org:465"]
)
def test_a_server_may_want_a_login(server: str) -> None:
    assert from_env(XSettings, "X", {"X_ALARM_SMTP": server}).alarm_smtp == server


@pytest.mark.parametrize("server", ["mail.example.org", "http://mail.example.org:25", "a b:25"])
def test_a_server_that_cannot_be_reached_is_a_mistake(server: str) -> None:
    (mistake,) = mistakes(X_ALARM_SMTP=server)
    assert mistake.startswith("X_ALARM_SMTP: ")


def test_a_heartbeat_goes_to_an_address() -> None:
    url = "https://watch.example.org/key/{service}"
    assert from_env(XSettings, "X", {"X_HEARTBEAT": url}).heartbeat == url
    (mistake,) = mistakes(X_HEARTBEAT="watch.example.org")
    assert mistake.startswith("X_HEARTBEAT: ")
