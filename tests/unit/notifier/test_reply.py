"""What people write back, and the tokens in links."""

import pytest

from notifier.domain import reply
from notifier.domain.reply import Reply
from tests.unit.notifier.making import SECRET


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ack 7", Reply("acknowledge", 7)),
        ("ACK #7", Reply("acknowledge", 7)),
        (" acknowledge  12. ", Reply("acknowledge", 12)),
        ("a", Reply("acknowledge", None)),
        ("resolve 3\n\nSent from my phone", Reply("resolve", 3)),
        ("close 3", Reply("resolve", 3)),
        ("escalate", Reply("escalate", None)),
        ("ack, but who broke it?", None),
        ("ack 7 8", None),
        ("acknowledged", None),
        ("7", None),
        ("", None),
        ("snooze 7", None),
        ("ack 99999999999", None),
        ("> ack 7", None),
    ],
)
def test_what_a_reply_means(text: str, meant: Reply | None) -> None:
    assert reply.parse(text) == meant


def test_a_token_is_128_bits_of_base64url_and_stays_the_same() -> None:
    token = reply.link_token(SECRET, "page-1")

    assert reply.is_token(token)
    assert len(token) == 22
    assert token == reply.link_token(SECRET, "page-1")


def test_a_token_depends_on_the_page_and_on_the_secret() -> None:
    tokens = {
        reply.link_token(SECRET, "page-1"),
        reply.link_token(SECRET, "page-2"),
        reply.link_token("another secret of sixteen", "page-1"),
    }

    assert len(tokens) == 3


def test_the_hash_does_not_tell_the_token() -> None:
    token = reply.link_token(SECRET, "page-1")

    assert token not in reply.token_hash(token)
    assert len(reply.token_hash(token)) == 64


@pytest.mark.parametrize("text", ["", "short", "x" * 23, "a/../../etc/passwd/xyz", "%00" * 8])
def test_nonsense_is_no_token(text: str) -> None:
    assert not reply.is_token(text)
