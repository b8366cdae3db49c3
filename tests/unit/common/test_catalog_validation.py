"""Every mistake in a set of documents, with its place and the way out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.catalog import KINDS, Catalog, Document
from tocsin.catalog.validation import Mistake, documents_of, mistakes

NOTHING = Catalog()
KEY = "a" * 64


def document(kind: str, name: Any, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "spec": spec}


def user(name: str = "ada", **more: Any) -> dict[str, Any]:
    methods = [{"name": "mail", "channel": "email", "address": "ada@example.org"}]
    rules = [{"urgency": one, "contact_method": "mail"} for one in ("high", "low")]
    spec = {"contact_methods": methods, "notification_rules": rules, **more}
    return document("User", name, **spec)


def found(*documents: Any, known: Catalog = NOTHING) -> list[Mistake]:
    return mistakes(documents, known=known)


def told(*documents: Any, known: Catalog = NOTHING) -> list[str]:
    return [str(mistake) for mistake in found(*documents, known=known)]


def rotation(**more: Any) -> dict[str, Any]:
    return {"type": "weekly", "start": "2026-01-05T09:00", "participants": ["ada"], **more}


def schedule(**more: Any) -> dict[str, Any]:
    return document("Schedule", "web", layers=[{"name": "base", "rotation": rotation(**more)}])


def policy(*targets: dict[str, str], **more: Any) -> dict[str, Any]:
    resort = {"last_resort": {"user": "ada"}}
    return document("EscalationPolicy", "p", levels=[{"targets": list(targets)}], **resort, **more)


def test_what_documents_that_cannot_be_read_may_explain_is_left_out() -> None:
    twice = [document("Team", "web", members=["ada"]), document("Team", "web", chatt={})]
    lonely = policy({"team": "ops"})
    assert {one.path for one in mistakes([*twice, lonely], known=NOTHING, whole=False)} == {
        "name",
        "spec.chatt",
    }
    assert {one.path for one in found(*twice, lonely)} >= {"spec.members[0]", "spec.levels[0]"}


def test_a_right_set_has_no_mistakes() -> None:
    documents = [
        user(),
        document("Team", "web", members=["ada"]),
        document("Service", "checkout", team="web", escalation_policy="p"),
        document("Integration", "demo", source="generic", service="checkout", key_sha256=KEY),
        document("Route", "db", matchers=['team="db"'], service="checkout"),
        schedule(),
        policy({"user": "ada"}, {"schedule": "web"}, {"team": "web"}),
        document("Settings", "own", default_service="checkout", last_resort={"user": "ada"}),
    ]
    assert told(*documents) == []
    assert [one.kind for one in documents_of(documents)][:2] == ["User", "Team"]


@pytest.mark.parametrize(
    ("wrong", "mistake"),
    [
        (document("Usr", "x"), "Usr x: kind: unknown kind 'Usr'; did you mean \"User\"?"),
        (
            policy({"usr": "ada"}),
            'EscalationPolicy p: spec.levels[0].targets[0].usr: unknown field; did you mean "user"?',
        ),
        (
            policy({}),
            (
                "EscalationPolicy p: spec.levels[0].targets[0]:"
                " a target is exactly one of user, schedule, team, channel or webhook"
            ),
        ),
        (
            policy({"user": "ada"}, repeet=3),
            'EscalationPolicy p: spec.repeet: unknown field; did you mean "repeat"?',
        ),
        (
            policy({"user": "adda"}),
            (
                "EscalationPolicy p: spec.levels[0].targets[0].user:"
                " there is no User 'adda'; did you mean \"ada\"?"
            ),
        ),
        (
            document("Service", "s", escalation_policy="payments"),
            "Service s: spec.escalation_policy: there is no EscalationPolicy 'payments'",
        ),
        (
            document("Service", "s", acknowledgement_timeout="5 min"),
            (
                "Service s: spec.acknowledgement_timeout: '5 min' is not a duration;"
                " write a number and s, m, h, d or w: 30s, 5m"
            ),
        ),
        (
            document("Route", "r", matchers=["team~db"], service="s"),
            (
                "Route r: spec.matchers[0]: 'team~db' is not a matcher;"
                ' write label="value", or !=, =~, !~'
            ),
        ),
        (
            user("bob", time_zone="Europe/Pari"),
            (
                "User bob: spec.time_zone: 'Europe/Pari' is not an IANA time zone;"
                " write one as Europe/Paris"
            ),
        ),
        (
            schedule(type="weakly"),
            (
                "Schedule web: spec.layers[0].rotation.type:"
                " 'weakly' is not one of 'hourly', 'daily', 'weekly', 'monthly' or 'custom';"
                ' did you mean "weekly"?'
            ),
        ),
        (
            schedule(participants=[]),
            "Schedule web: spec.layers[0].rotation.participants: is empty; at least one is needed",
        ),
        (
            schedule(participants=["ada", "eve"]),
            "Schedule web: spec.layers[0].rotation.participants[1]: there is no User 'eve'",
        ),
        (
            document("Team", "a b"),
            "Team a b: name: 'a b' is not a name: letters, digits, '.', '_' and",
        ),
        (
            document("Team", "t", members="ada"),
            "Team t: spec.members: 'ada' is not a list; write [ada]",
        ),
        (
            document("Team", "t", members={"ada": None}),
            "Team t: spec.members: is not a list; write each of its items after a `-`",
        ),
        (
            document("EscalationPolicy", "p", levels=[{"targets": ["ada"]}]),
            (
                "EscalationPolicy p: spec.levels[0].targets[0]: 'ada' is not a mapping;"
                " write one with some of user, schedule, team, channel, webhook, with_next"
            ),
        ),
        (document("Team", 7), "Team 7: name: 7 is a number where text belongs; put it in quotes"),
        ({"kind": "Team"}, "Team #3: name: is missing"),
        ({"name": "x"}, "document x: kind: is missing; one of Team, User, Service,"),
        (
            {"kind": "Team", "name": "t", "spek": {}},
            'Team t: spek: unknown field; did you mean "spec"?',
        ),
        ({"kind": "Team", "name": "t", "spec": []}, "Team t: spec: is not a mapping"),
        (7, "document #3: is not a mapping with kind, name and spec"),
        (
            document("Integration", "i", source="generic", key_sha256="ABC"),
            "Integration i: spec.key_sha256: 'ABC' does not have the form ^[0-9a-f]{64}$",
        ),
        (
            document("Integration", "i", source=12, key_sha256=KEY),
            "Integration i: spec.source: 12 is a number where text belongs; put it in quotes",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_nearest_right_word(
    wrong: Any, mistake: str
) -> None:
    service = document("Service", "s") if "'s'" not in mistake else user("zoe")
    others = [service] if wrong and isinstance(wrong, dict) and wrong.get("name") != "s" else []
    documents = [user(), *(others or [user("zoe")]), wrong]
    (error,) = [one for one in found(*documents) if one.is_error]
    assert str(error).startswith(mistake)
    assert error.position == 2


def test_all_mistakes_are_told_at_once() -> None:
    wrong = policy({"usr": "x"}, {"user": "nobody"}, repeet=1)
    assert [one.path for one in found(user(), wrong) if one.is_error] == [
        "spec.levels[0].targets[0].usr",
        "spec.repeet",
        "spec.levels[0].targets[1].user",
    ]


def test_names_that_are_all_missing_are_no_typos() -> None:
    """Folders in the wrong order miss thousands: a hint for each would take minutes."""
    people = [document("User", f"person-{number}") for number in range(500)]
    gone = [f"persn-{number}" for number in range(150)]
    teams = [document("Team", name, members=gone) for name in ("web", "db")]
    hints = [one.suggestion for one in found(*people, *teams) if one.is_error]
    assert hints[:100] == [f"person-{number}" for number in range(100)]
    assert hints == [*hints[:100], *[""] * 50] * 2


def test_the_same_name_twice_is_a_mistake_of_both() -> None:
    """One of them stands in another folder, and neither says where."""
    mistakes = found(user(), document("Team", "ada"), user())
    assert [(one.message, one.position) for one in mistakes] == [
        ("there is another User of this name", position) for position in (0, 2)
    ]


def test_keys_are_unique_here_and_with_what_is_known() -> None:
    first = document("Integration", "a", source="generic", key_sha256=KEY)
    second = document("Integration", "b", source="generic", key_sha256=KEY)
    spec = KINDS["Integration"].model_validate(first["spec"])
    known = Catalog(3, {("Integration", "a"): spec})
    text = (
        "Integration b: spec.key_sha256: integration a has the same key; each needs one of its own"
    )
    assert told(first, second) == [text]
    assert told(second, known=known) == [text]
    assert told(first, known=known) == []


def test_contact_methods_and_their_rules_fit_together() -> None:
    method = {"name": "mail", "channel": "email", "address": "x"}
    rules = [{"urgency": "high", "contact_method": "mial"}]
    wrong = user(contact_methods=[method, method], notification_rules=rules)
    assert told(wrong) == [
        "User ada: spec.contact_methods[1].name: 'mail' is there twice",
        (
            "User ada: spec.notification_rules[0].contact_method:"
            " there is no contact method 'mial'; did you mean \"mail\"?"
        ),
        "User ada: spec.notification_rules: warning: no notification rule for low urgency",
    ]


def test_a_channel_that_is_not_ours_is_a_warning_once() -> None:
    """`sms` may be of a package; a typo is nobody's, and would be found at three in the morning."""
    typo, other = ({"name": "mail", "channel": one, "address": "x"} for one in ("emial", "sms"))
    people = [user("ada", contact_methods=[typo]), user("bob", contact_methods=[other, other])]
    people[1]["spec"]["contact_methods"][1] = {**other, "name": "again"}
    ours = "is none of Tocsin's own channels (email, slack, webhook):"
    brings = "nobody is reached by it, unless a package of yours brings it"
    assert told(*people, {**people[1], "name": "eve"}) == [
        (
            f"User ada: spec.contact_methods[0].channel: warning: 'emial' {ours} {brings};"
            ' did you mean "email"?'
        ),
        f"User bob: spec.contact_methods[0].channel: warning: 'sms' {ours} {brings}",
    ]


def test_layers_have_names_of_their_own() -> None:
    layer = {"name": "base", "rotation": rotation()}
    assert told(user(), document("Schedule", "web", layers=[layer, layer])) == [
        "Schedule web: spec.layers[1].name: 'base' is there twice"
    ]


def test_what_surprises_at_night_is_a_warning() -> None:
    documents = [
        user("mute", contact_methods=[], notification_rules=[]),
        document("EscalationPolicy", "p", levels=[{"targets": []}]),
    ]
    assert told(*documents) == [
        "User mute: spec.contact_methods: warning: no contact method: cannot be paged at all",
        "EscalationPolicy p: spec.levels[0]: warning: the level is empty: it is skipped at once",
        (
            "EscalationPolicy p: spec.last_resort: warning: no last resort, here or in Settings:"
            " when nobody answers all levels, nobody else is paged"
        ),
    ]
    assert not any(one.is_error for one in found(*documents))


def test_a_last_resort_in_any_settings_is_enough() -> None:
    lonely = document("EscalationPolicy", "p", levels=[{"targets": [{"user": "ada"}]}])
    settings = KINDS["Settings"].model_validate({"last_resort": {"user": "ada"}})
    known = Catalog(3, {("Settings", "own"): settings})
    assert told(user(), lonely, known=known) == []


def test_settings_that_are_not_in_force_are_told_and_their_last_resort_is_none() -> None:
    lonely = document("EscalationPolicy", "p", levels=[{"targets": [{"user": "ada"}]}])
    settings = document("Settings", "own", last_resort={"user": "ada"})
    first = ("Settings", "installation")
    known = Catalog(3, {first: KINDS["Settings"]()}, sets={first: "examples"})
    assert told(user(), lonely, settings, known=known) == [
        (
            "EscalationPolicy p: spec.last_resort: warning: no last resort, here or in Settings:"
            " when nobody answers all levels, nobody else is paged"
        ),
        (
            "Settings own: name: warning: is not in force, but Settings installation of the set"
            " 'examples': the first by name counts"
        ),
    ]
    assert told(user(), document("Settings", "a", last_resort={"user": "ada"}), known=known) == []


def test_another_set_may_be_named_and_must_not_lose_what_it_names() -> None:
    ada = KINDS["User"].model_validate(user()["spec"])
    team = KINDS["Team"].model_validate({"members": ["ada"]})
    both = Catalog(3, {("User", "ada"): ada, ("Team", "theirs"): team})
    assert told(document("Team", "ours", members=["ada"]), known=both) == []
    (mistake,) = found(user("eve"), known=Catalog(3, {("Team", "theirs"): team}))
    assert (mistake.kind, mistake.name, mistake.position) == ("Team", "theirs", None)
    assert mistake.message.startswith("names User 'ada', which would be gone")


def test_documents_are_taken_as_well_as_what_was_written() -> None:
    right = Document(kind="Team", name="web", spec={"members": ["nobody"]})
    assert told(right) == ["Team web: spec.members[0]: there is no User 'nobody'"]
    assert documents_of([right]) == [right]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "kind",
                    "name",
                    "spec",
                    "levels",
                    "targets",
                    "user",
                    "layers",
                    "rotation",
                    "members",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
odd_documents = st.fixed_dictionaries(
    {"kind": st.sampled_from([*KINDS, "Usr"]), "name": st.just("x"), "spec": json_values}
)


@given(st.lists(json_values | odd_documents, max_size=4))
def test_whatever_is_written_is_judged_and_never_breaks_the_judge(documents: list[Any]) -> None:
    for mistake in found(*documents):
        assert str(mistake)
    if not any(mistake.is_error for mistake in found(*documents)):
        documents_of(documents)


@pytest.mark.parametrize(
    ("notices", "complaint"),
    [
        ({"on_call": ["1h", "1d"], "off_call": ["5m"]}, None),
        ({"on_call": ["1h"], "contact_method": "mail"}, None),
        ({}, None),
        ({"on_call": ["1m"]}, "is how long before a handoff: from 5m to 1w"),
        ({"off_call": ["8d"]}, "is how long before a handoff: from 5m to 1w"),
        ({"on_call": ["1h"], "contact_method": "mial"}, "there is no contact method 'mial'"),
        ({"before": ["1h"]}, "unknown field"),
    ],
)
def test_notices_of_handoffs_are_checked(notices: dict[str, Any], complaint: str | None) -> None:
    mistakes = told(user(handoff_notices=notices))
    assert (mistakes == []) == (complaint is None), mistakes
    assert complaint is None or complaint in mistakes[0]


def test_notices_need_a_named_method_where_none_is_quiet() -> None:
    hook = [{"name": "hook", "channel": "webhook", "address": "https://push.example.org/ada"}]
    rules = [{"urgency": one, "contact_method": "hook"} for one in ("high", "low")]
    wishes: dict[str, Any] = {"on_call": ["1h"]}
    person = user(contact_methods=hook, notification_rules=rules, handoff_notices=wishes)
    (mistake,) = found(person)
    assert (mistake.level, mistake.path) == ("error", "spec.handoff_notices.contact_method")
    assert "is missing: without it one of email or slack is taken" in mistake.message
    wishes["contact_method"] = "hook"
    assert found(person) == []
