"""What somebody is sent who is to confirm that it reaches them: in each channel's own form."""

from email.headerregistry import Address

import pytest

from notifier.adapters.channels.letter import letter
from notifier.adapters.channels.slack.blocks import message_of
from notifier.adapters.channels.webhook import body_of
from notifier.domain.contact import ContactMethod
from notifier.domain.verifying import Asked, Challenge, hash_of
from notifier.domain.verifying_text import render
from tests.unit.notifier.making import MAIL, SECRET
from tocsin.channels import Delivery, MessageDoc
from tocsin.testing import START

DELIVERY = Delivery("c-1", MAIL.address, 1, START)


def asked(contact: ContactMethod = MAIL) -> Asked:
    blank = Challenge(contact.channel, hash_of(contact), START)
    found = blank.ask("ada", contact.name, "c-1", SECRET, START)
    assert isinstance(found, Asked)
    return found


def message(by: str = "ada", public_url: str = "https://t.example") -> MessageDoc:
    return render(asked(), MAIL, by, public_url)


def in_mail() -> list[str]:
    mail = letter(DELIVERY, message(), Address("Tocsin", addr_spec="tocsin@example.org"))
    assert mail["Subject"] == "Does this reach ada?"
    assert (mail["In-Reply-To"], mail["Importance"]) == (None, None)
    parts = [part.get_content() for part in mail.iter_parts()]
    assert len(parts) == 2
    return parts


def in_slack() -> list[str]:
    return [repr(message_of(message(), hears=hears).blocks) for hears in (True, False)]


def in_a_webhook() -> list[str]:
    body = body_of(DELIVERY, message())
    assert (body["type"], body["incident"], body["actions"]) == ("verification", None, {})
    return [repr(body)]


@pytest.mark.parametrize("forms", [in_mail, in_slack, in_a_webhook])
def test_each_form_says_the_code_the_link_and_what_to_do(forms: object) -> None:
    assert callable(forms)
    for form in forms():
        assert asked().code in form
        assert f"https://t.example/a/contact/{asked().token}" in form
        assert f"tocsin contacts confirm ada mail {asked().code}" in form
        assert "2026-01-05 09:10 UTC" in form
        assert "#0" not in form


def test_who_asked_is_words_and_nothing_else() -> None:
    text = message(by="eve\u202e\nCode: AAAA-AAAA").text
    assert "\nCode: AAAA-AAAA" not in text
    assert "\u202e" not in text


def test_what_is_asked_is_in_no_log_by_accident() -> None:
    found = asked()
    for secret in (found.code, found.code.replace("-", ""), found.token):
        assert secret not in repr(found)


def test_each_asking_has_a_code_and_a_link_of_its_own() -> None:
    blank = Challenge("email", hash_of(MAIL), START)
    found = [blank.ask("ada", "mail", f"c-{n}", SECRET, START) for n in range(100)]
    codes = {one.code for one in found if isinstance(one, Asked)}
    tokens = {one.token for one in found if isinstance(one, Asked)}
    assert (len(codes), len(tokens)) == (100, 100)
    elsewhere = blank.ask("ada", "mail", "c-0", "another secret", START)
    assert isinstance(elsewhere, Asked)
    assert elsewhere.code not in codes
