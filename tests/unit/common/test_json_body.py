"""JSON from strangers: what is refused, what is mended, and what each costs."""

import gzip
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import json_body
from tocsin.json_body import BrokenJsonError, ExcessiveJsonError


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b"[]", []),
        (b'"text"', "text"),
        (b" 1 ", 1),
        ('"ünï ☃ 😀"'.encode(), "ünï ☃ 😀"),
        (rb'"\ud83d\ude00"', "😀"),  # A whole pair is one character.
        (rb'"\u0000"', "\x00"),  # What a database refuses is for the database's edge to mend.
        (b'{"a": 1, "a": 2}', {"a": 2}),  # The last one counts, as in every parser.
        (b"1e308", 1e308),
    ],
)
def test_json_is_read(body: bytes, value: object) -> None:
    assert json_body.parse(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b'{"a": 1} {"b": 2}',
        b"[1e400]",
        b"\xff\xfe{\x00}\x00",
        b'"\xff"',
        b'"\xed\xa0\x80"',  # A surrogate in UTF-8 is not UTF-8.
        b'"a\nb"',
        b"[01]",
        b"\xef\xbb\xbf{}",
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenJsonError, match="not JSON"):
        json_body.parse(body)


def test_the_message_names_line_and_column() -> None:
    with pytest.raises(BrokenJsonError, match="line 2 column 7"):
        json_body.parse(b'{"a": 1,\n "b": x}')


@pytest.mark.parametrize("depth", [33, 100, 1_100, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_too_deep_is_refused(opening: bytes, closing: bytes, depth: int) -> None:
    body = opening * depth + (b"1" if opening != b"[" else b"") + closing * depth
    with pytest.raises(ExcessiveJsonError, match="deeper than 32 levels"):
        json_body.parse(body)


def test_thirty_two_levels_are_read() -> None:
    value = json_body.parse(b"[" * 32 + b"]" * 32)
    assert json.dumps(value) == "[" * 32 + "]" * 32


def test_an_object_may_have_a_thousand_keys() -> None:
    keys = {f"k{number}": number for number in range(1_000)}
    assert json_body.parse(json.dumps(keys).encode()) == keys
    with pytest.raises(ExcessiveJsonError, match="more than 1000 keys"):
        json_body.parse(json.dumps({**keys, "one too many": 1}).encode())
    with pytest.raises(ExcessiveJsonError, match="more than 1000 keys"):
        json_body.parse(json.dumps([{"a": [{**keys, "one too many": 1}]}]).encode())


def test_a_body_has_a_greatest_number_of_values() -> None:
    assert len(json_body.parse(b"[" + b"0," * 249_999 + b"0]")) == 250_000
    with pytest.raises(ExcessiveJsonError, match="more than 250000 values"):
        json_body.parse(b"[" + b"0," * 250_000 + b"0]")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'"\ud800"', "\ufffd"),
        (rb'"a\udc00b"', "a\ufffdb"),
        (rb'{"title": "disk \ud83d full", "n": 1.5}', {"title": "disk \ufffd full", "n": 1.5}),
        (rb'{"\ud800": [true, null]}', {"\ufffd": [True, None]}),
        (rb'["\ud800\ud800", "\ud83d\ude00"]', ["\ufffd\ufffd", "😀"]),
    ],
)
def test_half_a_surrogate_pair_is_mended_and_the_alert_kept(body: bytes, value: object) -> None:
    found = json_body.parse(body)
    assert found == value
    json.dumps(found, ensure_ascii=False).encode()


def test_a_surrogate_opens_no_way_around_the_limits() -> None:
    with pytest.raises(BrokenJsonError):
        json_body.parse(rb'["\ud800", NaN]')
    with pytest.raises(BrokenJsonError):
        json_body.parse(rb'["\ud800", 1e400]')
    with pytest.raises(ExcessiveJsonError):
        json_body.parse(rb'{"a": "\ud800", "b": ' + b"[" * 900 + b"]" * 900 + b"}")
    with pytest.raises(ExcessiveJsonError):
        json_body.parse(rb'{"a": "\ud800", "b": ' + b"[" * 5_000 + b"]" * 5_000 + b"}")


@pytest.mark.parametrize("digits", [20, 4_300, 4_301, 100_000])
@pytest.mark.parametrize("before", [b"", rb'"\ud800",'])
def test_a_number_of_many_digits_is_read_or_refused_but_never_an_error_of_ours(
    before: bytes, digits: int
) -> None:
    body = b"[" + before + b"1" + b"0" * digits + b"]"
    try:
        found = json_body.parse(body)
    except BrokenJsonError:
        return
    json.dumps(found, allow_nan=False)


def test_bombs_are_refused_quickly() -> None:
    started = time.perf_counter()
    for body in (b"[" * 1_000_000, b'{"a":' * 500_000, b"[0" + b",0" * 2_000_000 + b"]"):
        with pytest.raises((BrokenJsonError, ExcessiveJsonError)):
            json_body.parse(body)
    assert time.perf_counter() - started < 3


def test_packed_bytes_are_not_json() -> None:
    with pytest.raises(BrokenJsonError):
        json_body.parse(gzip.compress(b"{}"))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(JSON)
def test_every_json_value_is_read_as_it_was_written(value: object) -> None:
    assert json_body.parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_else(body: bytes) -> None:
    try:
        found = json_body.parse(body)
    except (BrokenJsonError, ExcessiveJsonError):
        return
    json.dumps(found, allow_nan=False)
