"""A page names the catalog in which its person was found, not the one of the frozen policy."""

from dataclasses import replace
from datetime import timedelta

from escalation.domain.escalation import Escalation
from escalation.domain.hearing import hear
from tests.unit.escalation.examples import NOW
from tocsin.catalog import Catalog, EscalationPolicy, Service, Spec, Team, User
from tocsin.events import IncidentTriggered, PageRequested


def person(address: str) -> User:
    method = {"name": "phone", "channel": "webhook", "address": address}
    return User.model_validate({"contact_methods": [method]})


def test_a_person_who_joined_after_the_start_is_paged_by_the_catalog_that_knows_them() -> None:
    levels = [
        {"targets": [{"user": "ada"}], "escalate_after": "5m"},
        {"targets": [{"team": "web"}], "escalate_after": "5m"},
    ]
    specs: dict[tuple[str, str], Spec] = {
        ("User", "ada"): person("https://p.example/ada"),
        ("Team", "web"): Team(members=("ada",)),
        ("EscalationPolicy", "p"): EscalationPolicy.model_validate({"levels": levels}),
        ("Service", "checkout"): Service(escalation_policy="p"),
    }
    before = Catalog(3, specs)
    joined = {
        ("User", "carol"): person("https://p.example/c"),
        ("Team", "web"): Team(members=("carol",)),
    }
    after = replace(before, version=4, specs={**specs, **joined})
    event = IncidentTriggered(
        incident_id="inc_1",
        version=1,
        number=1,
        title="t",
        service="checkout",
        severity="critical",
        urgency="high",
        source="generic",
    )
    climb = hear(Escalation.unknown("inc_1"), event, NOW, before).escalation
    facts = climb.advance(NOW + timedelta(minutes=5), after).facts

    (page,) = [fact for fact in facts if isinstance(fact, PageRequested)]
    assert (page.responder, page.catalog_version) == ("carol", 4)
