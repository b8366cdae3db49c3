"""Matchers: Alertmanager's semantics, in linear time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import matching

DB = {"team": "db", "severity": "critical", "job": "node-exporter"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('team="db"', True),
        ('team="DB"', False),
        ('team="d"', False),
        ('team!="db"', False),
        ('team!="web"', True),
        ('team=~"d."', True),
        ('team=~"d"', False),  # Expressions are anchored at both ends.
        ('team=~"db|web"', True),
        ('severity=~"critical|error"', True),
        ('severity!~"critical|error"', False),
        ('severity!~"crit"', True),
        ('job=~"node-.*"', True),
        # An absent label is an empty one.
        ('absent=""', True),
        ('absent!=""', False),
        ('absent!="x"', True),
        ('absent=~".*"', True),
        ('absent=~".+"', False),
        ('absent!~".+"', True),
        # Quotes may be left out, and blanks stand around.
        ("team=db", True),
        (" team = db ", True),
        (' team =~ "d." ', True),
        ("team=", False),
        ("absent=", True),
    ],
)
def test_a_matcher_decides_as_alertmanager_does(text: str, *, matches: bool) -> None:
    assert matching.parse(text).matches(DB) is matches


def test_a_dot_matches_no_line_break_but_the_flag_makes_it() -> None:
    labels = {"message": "one\ntwo"}
    assert not matching.parse('message=~"one.two"').matches(labels)
    assert matching.parse('message=~"(?s)one.two"').matches(labels)


def test_case_is_ignored_only_where_the_expression_says_so() -> None:
    assert not matching.parse('team=~"DB"').matches(DB)
    assert matching.parse('team=~"(?i)DB"').matches(DB)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'a="say \"hi\""', 'say "hi"'),
        (r'a="back\\slash"', r"back\slash"),
        (r'a=~"\d+\.\w"', r"\d+\.\w"),  # What is not a quote belongs to the expression.
        ('a="ünï ☃"', "ünï ☃"),
        ('a="x=~y"', "x=~y"),
    ],
)
def test_escapes_are_those_a_quoted_string_needs(text: str, value: str) -> None:
    assert matching.parse(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "team",
        '="db"',
        'team=="db"',
        'team="db',
        'team=db"',
        'team~"db"',
        '{team="db"}',
        "a b=c",
    ],
)
def test_what_is_no_matcher_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ValueError, match="is not a matcher; write label="):
        matching.parse(text)


@pytest.mark.parametrize("expression", ["(", "a{2,1}", r"(a)\1", "(?=a)", "[z-a]", "*"])
def test_an_expression_that_re2_does_not_know_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="is not an RE2 expression"):
        matching.parse(f'a=~"{expression}"')


def test_a_matcher_has_a_greatest_length() -> None:
    text = 'a="' + "x" * (matching.MAX_LENGTH - 4) + '"'
    assert matching.parse(text).value == "x" * 1020
    with pytest.raises(ValueError, match="at most 1024 characters"):
        matching.parse(text + " ")


@pytest.mark.parametrize("expression", ["^(a+)+$", "(a|aa)+", "(a|a?)+", "(.*a){20}"])
def test_no_expression_takes_more_than_linear_time(expression: str) -> None:
    matcher = matching.parse(f'a=~"{expression}"')
    started = time.perf_counter()
    matcher.matches({"a": "a" * 10_000 + "!"})
    # Python's own `re` needs nine seconds for 29 characters of the first, and twice that for 30.
    assert time.perf_counter() - started < 1


def test_all_matchers_must_match() -> None:
    both = [matching.parse('team="db"'), matching.parse('severity="critical"')]
    assert matching.all_match(both, DB)
    assert not matching.all_match([*both, matching.parse('job="x"')], DB)
    assert matching.all_match([], DB)


LABEL = st.text(st.characters(exclude_characters='=!~"{},', exclude_categories=["Z", "C"]))


@given(LABEL.filter(bool), st.sampled_from(["=", "!="]), st.text(max_size=50))
def test_a_matcher_reads_back_as_it_was_written(label: str, operator: str, value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    matcher = matching.parse(f'{label}{operator}"{escaped}"')
    assert (matcher.label, matcher.operator, matcher.value) == (label, operator, value)
    assert matching.parse(str(matcher)) == matcher
    assert matcher.matches({label: value}) is (operator == "=")
