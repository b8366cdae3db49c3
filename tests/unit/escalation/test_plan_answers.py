"""The JSON of a plan, which is written as it is sent: all of it, in the form that is published."""

from datetime import timedelta

import orjson

from escalation.domain.effects import Effect
from escalation.domain.outlook import Difference, Move
from escalation.domain.rerouting import Incidents, Paged, Person, Rerouted
from escalation.entrypoints.plans import PIECE, PlanAnswer, answer_of, pieces
from escalation.handlers.planning import Outcome, Plan
from tests.unit.escalation.examples import NOW, catalog, people
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.planning import Change, FieldChange

LATER = NOW + timedelta(minutes=1, microseconds=1)
EFFECT = Effect("shift", "schedule web", ("ada",), (), "é", begins=NOW, until=LATER)
MOVE = Move("ada", "web", gains=False, begins=NOW, until=LATER, others=("bob",))
ELSEWHERE = Rerouted(
    Incidents(("low",), ("critical", "error")),
    Difference(NOW, LATER, Paged(((Person("ada"),), (Person("bob"),))), Paged()),
)
PLAN = Plan(
    7,
    (Change("changed", "Team", "t", (FieldChange("spec.members[0]", None, "ada"),)),),
    (EFFECT,) * 1000,
    (Mistake("Team", "t", "spec", "is odd", level="warning", position=0),),
    Outcome(catalog(User=people("ada")), (MOVE,) * 200, {"shop": [ELSEWHERE] * 120}),
)


def test_it_comes_in_pieces_and_is_the_whole_plan() -> None:
    written = list(pieces(PLAN))
    assert len(written) > 2
    assert max(map(len, written)) < 2 * PIECE  # One person or service may stand out.
    whole = orjson.loads(b"".join(written))
    assert whole == PlanAnswer(**answer_of(PLAN)).model_dump(mode="json")
    assert len(whole["effects"]) == 1000
    assert (whole["people"][0]["more"], whole["services"][0]["more"]) == (100, 20)


def test_a_plan_of_nothing_is_whole_too() -> None:
    nothing = Plan(0, (), (), (), Outcome(catalog(), (), {}))
    assert orjson.loads(b"".join(pieces(nothing))) == {
        "version": 0,
        **{key: [] for key in ("changes", "effects", "warnings", "people", "services")},
    }


def test_of_which_incidents_it_holds_and_whose_turn_it_may_be() -> None:
    (service,) = answer_of(PLAN)["services"]
    span = service["spans"][0]
    assert (span["urgencies"], span["severities"]) == (["low"], ["critical", "error"])
    assert (span["before_turns"], span["after_turns"]) == ([["ada"], ["bob"]], [])
    assert span["text"] == (
        "Mon 2026-03-02 08:00 to Mon 2026-03-02 08:01 (UTC), for low urgency and severity"
        " critical or error: pages nobody first, instead of ada or bob (in turn)"
    )
