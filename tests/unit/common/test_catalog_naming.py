"""People and teams as somebody names them, as facts spell them, and as people read them."""

import pytest

from tocsin.catalog import Catalog, Target, Team, User
from tocsin.catalog.naming import in_words, named, spelt, told, unknown
from tocsin.catalog.suggestions import as_sentence, no_such

CATALOG = Catalog(
    1,
    {
        ("User", "ada"): User(),
        ("User", "web"): User(),
        ("Team", "web"): Team(members=("ada",)),
        ("Team", "payments"): Team(members=("ada",)),
        ("Schedule", "nights"): User(),
    },
)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("ada", Target(user="ada")),
        ("user:ada", Target(user="ada")),
        ("web", Target(user="web")),
        ("team:web", Target(team="web")),
        ("payments", Target(team="payments")),
        ("user:payments", None),
        ("team:ada", None),
        ("schedule:nights", None),
        ("a:user:ada", None),
        ("nights", None),
        ("team:", None),
        ("", None),
    ],
)
def test_a_name_means_one_person_or_one_team(text: str, target: Target | None) -> None:
    assert named(text, CATALOG) == target


@pytest.mark.parametrize(
    "target", [Target(user="web"), Target(team="web"), Target(team="payments")]
)
def test_what_a_fact_spells_is_read_as_the_same(target: Target) -> None:
    assert told(spelt(target), CATALOG) == target
    assert told(spelt(target), Catalog()) == target, "who has left since is still named"


def test_names_as_people_read_them() -> None:
    assert in_words(("ada", "user:bob", "team:web")) == "ada, bob, team web"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("adda", "the catalog has no person and no team 'adda'; did you mean \"ada\"?"),
        ("team:payment", "the catalog has no team 'payment'; did you mean \"team:payments\"?"),
        ("user:payments", "the catalog has no person 'payments'"),
        ("schedule:nights", "'schedule:nights' is neither user:NAME nor team:NAME"),
        ("team:", "the catalog has no team ''"),
    ],
)
def test_what_names_nobody_is_told_with_the_nearest_right_word(text: str, said: str) -> None:
    assert unknown(text, CATALOG) == said


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("Team", "payment", "The catalog has no team 'payment'; did you mean \"payments\"?"),
        ("User", "payment", "The catalog has no user 'payment'."),
        ("EscalationPolicy", "ada", "The catalog has no escalation policy 'ada'."),
        ("User", "x" * 9_000, f"The catalog has no user '{'x' * 100}'."),
    ],
)
def test_a_name_of_nothing_is_told_with_the_nearest_of_its_kind(
    kind: str, name: str, said: str
) -> None:
    assert as_sentence(no_such(kind, name, CATALOG.specs)) == said
