"""Each way of signing, by vectors that openssl made; and secrets as they are typed."""

from datetime import timedelta

import pytest
from starlette.datastructures import Headers

from incident_intake.entrypoints.signatures import (
    WAYS,
    WINDOW,
    BadSignatureError,
    how,
    secrets_of,
    verify,
)
from tocsin.catalog.integrations import ALERTMANAGER, CAN_SIGN, GENERIC
from tocsin.testing import START

BODY = b'{"title":"Disk full"}'
STAMP = "1767603600"
WHSEC = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TYPED = "correct horse battery"
OTHER = "another secret of nobody"
V1 = "v1,779cY1rCRtbdfDh2ejmIggdTIab9ogRau60h6R2me3E="
HEX = "f59be5f974481cc37a6d44ec9132cc7ab959e7864305e625d488e416365aa138"
TIMED = "0cb46f392a3157a036bd83fa5e9d4f24272abd49e314063aede7c61f3a1dee7b"
STANDARD = {"webhook-id": "msg_1", "webhook-timestamp": STAMP, "webhook-signature": V1}
HUB = {"X-Hub-Signature-256": f"sha256={HEX}"}
GRAFANA = {"X-Grafana-Alerting-Signature": HEX}
GRAFANA_TIMED = {
    "X-Grafana-Alerting-Signature": TIMED,
    "X-Grafana-Alerting-Timestamp": STAMP,
}
GOOD = [
    (GENERIC, STANDARD, WHSEC),
    (GENERIC, HUB, TYPED),
    (ALERTMANAGER, GRAFANA, TYPED),
    (ALERTMANAGER, GRAFANA_TIMED, TYPED),
]
each_way = pytest.mark.parametrize(("source", "headers", "secret"), GOOD)


def judged(
    source: str,
    headers: dict[str, str],
    secret: str,
    body: bytes = BODY,
    late: float = 0,
    more: tuple[tuple[str, str], ...] = (),
) -> str | None:
    """Verify a request, with headers that come a second time in `more`."""
    raw = [(name.lower().encode(), text.encode()) for name, text in (*headers.items(), *more)]
    now = START + timedelta(seconds=late)
    return verify(source, Headers(raw=raw), body, secrets_of(secret), now)


def refused(*given: object, **more: object) -> tuple[str, str]:
    with pytest.raises(BadSignatureError) as caught:
        judged(*given, **more)  # type: ignore[arg-type]
    assert str(caught.value).startswith(caught.value.header)
    return caught.value.header.lower(), caught.value.outcome


def test_every_source_that_can_sign_has_a_way() -> None:
    assert sorted(WAYS) == sorted(CAN_SIGN)
    for source, ways in WAYS.items():
        assert all(way.header in how(source) for way in ways)


@each_way
def test_what_is_signed_is_taken(source: str, headers: dict[str, str], secret: str) -> None:
    assert judged(source, headers, secret) == headers.get("webhook-id")


@each_way
def test_either_of_two_secrets_fits(source: str, headers: dict[str, str], secret: str) -> None:
    judged(source, headers, f"{secret},{OTHER}")
    judged(source, headers, f" {OTHER} , {secret} ")


@each_way
def test_another_body_or_secret_does_not_fit(
    source: str, headers: dict[str, str], secret: str
) -> None:
    header = WAYS[source][0].header if headers is not HUB else "X-Hub-Signature-256"
    wrong = (header.lower(), "wrong")
    assert refused(source, headers, secret, BODY + b" ") == wrong
    assert refused(source, headers, secret, b"") == wrong
    assert refused(source, headers, OTHER) == wrong
    assert refused(source, headers, f"{OTHER},{OTHER}") == wrong


@each_way
def test_every_header_has_to_be_there_and_once(
    source: str, headers: dict[str, str], secret: str
) -> None:
    for name, text in headers.items():
        less = {other: value for other, value in headers.items() if other != name}
        for given in (less, {**less, name: ""}):
            if headers is GRAFANA_TIMED and name.endswith("Timestamp") and given is less:
                # Then the body alone was to be signed, and it was not.
                assert refused(source, given, secret)[1] == "wrong"
            else:
                assert refused(source, given, secret)[1] == "missing"
        assert refused(source, headers, secret, more=((name, text),))[1] == "malformed"
        assert refused(source, headers, secret, more=((name, "0"),))[1] == "malformed"


@pytest.mark.parametrize(
    ("source", "headers", "secret", "stamp"),
    [
        (GENERIC, STANDARD, WHSEC, "webhook-timestamp"),
        (ALERTMANAGER, GRAFANA_TIMED, TYPED, "x-grafana-alerting-timestamp"),
    ],
)
def test_a_signature_is_good_for_five_minutes(
    source: str, headers: dict[str, str], secret: str, stamp: str
) -> None:
    for borne in (WINDOW, -WINDOW):
        judged(source, headers, secret, late=borne)
    for late in (WINDOW + 1, -WINDOW - 1, 86_400):
        assert refused(source, headers, secret, late=late) == (stamp, "old")
    name = next(name for name in headers if name.lower() == stamp)
    fresh = str(int(STAMP) + 1)
    assert refused(source, {**headers, name: fresh}, secret)[1] == "wrong"
    for odd in ("now", "-1", "1e9", "1.5", f"+{STAMP}", f" {STAMP}", "9" * 13, "١٢٣"):
        assert refused(source, {**headers, name: odd}, secret) == (stamp, "malformed")


def test_another_id_does_not_fit() -> None:
    assert refused(GENERIC, {**STANDARD, "webhook-id": "msg_2"}, WHSEC)[1] == "wrong"


@pytest.mark.parametrize(
    ("signature", "outcome"),
    [
        (f"v1,AAAA {V1}", None),
        (f"v1a,AAAA {V1} v2,BBBB", None),
        ("v1,AAAA v1,BBBB", "wrong"),
        (V1.removeprefix("v1,"), "malformed"),
        (V1.replace("v1,", "v1a,"), "malformed"),
        (V1.replace("v1,", "v1="), "malformed"),
        (V1[:-1], "wrong"),
        ("v1,é", "wrong"),
        ("v1,", "wrong"),
    ],
)
def test_one_of_several_signatures_has_to_fit(signature: str, outcome: str | None) -> None:
    headers = {**STANDARD, "webhook-signature": signature}
    if outcome is None:
        assert judged(GENERIC, headers, WHSEC) == "msg_1"
    else:
        assert refused(GENERIC, headers, WHSEC) == ("webhook-signature", outcome)


@pytest.mark.parametrize(
    ("source", "name", "prefix"),
    [
        (GENERIC, "X-Hub-Signature-256", "sha256="),
        (ALERTMANAGER, "X-Grafana-Alerting-Signature", ""),
    ],
)
def test_hex_is_64_digits_of_either_case(source: str, name: str, prefix: str) -> None:
    judged(source, {name: prefix + HEX.upper()}, TYPED)
    for odd in (HEX[:-1], HEX + "0", "g" * 64, f"sha1={HEX}", f"é{HEX}", f"{HEX} {HEX}"):
        assert refused(source, {name: prefix + odd}, TYPED) == (name.lower(), "malformed")
    swapped = HEX if prefix else f"sha256={HEX}"
    assert refused(source, {name: swapped}, TYPED)[1] == "malformed"


def test_the_way_whose_header_is_there_is_the_one_that_counts() -> None:
    broken = {**STANDARD, "webhook-signature": "v1,AAAA"}
    assert refused(GENERIC, {**broken, **HUB}, TYPED) == ("webhook-signature", "wrong")
    for headers in ({}, GRAFANA, {"webhook-id": "msg_1"}):
        assert refused(GENERIC, headers, TYPED) == ("webhook-signature", "missing")
    for headers in ({}, STANDARD, HUB):
        header = "x-grafana-alerting-signature"
        assert refused(ALERTMANAGER, headers, TYPED) == (header, "missing")


def test_a_secret_that_is_no_base64_fits_nothing_of_standard_webhooks() -> None:
    assert refused(GENERIC, STANDARD, TYPED) == ("webhook-signature", "wrong")
    assert judged(GENERIC, STANDARD, WHSEC.removeprefix("whsec_")) == "msg_1"
    assert judged(GENERIC, STANDARD, WHSEC.rstrip("=")) == "msg_1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not set"),
        (" , ", "is not set"),
        ("a" * 15, "has fewer than 16 characters"),
        (f"{TYPED},short", "has fewer than 16 characters"),
        (f"{TYPED},{OTHER},{TYPED}", "holds more than two secrets"),
        ("whsec_" + "A" * 31, "needs 24 to 64 bytes in base64"),
        ("whsec_" + "A" * 88, "needs 24 to 64 bytes in base64"),
        ("whsec_not-base64-but-long-enough", "needs 24 to 64 bytes in base64"),
    ],
)
def test_what_is_wrong_with_a_secret_is_said_and_never_the_secret(
    text: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        secrets_of(text)
    assert not any(part.strip() and part in str(caught.value) for part in text.split(","))


def test_a_secret_that_is_no_text_is_taken_as_its_bytes() -> None:
    (secret,) = secrets_of(b"\xff\xfe of sixteen bytes".decode("utf-8", "surrogateescape"))
    assert secret.typed == b"\xff\xfe of sixteen bytes"
