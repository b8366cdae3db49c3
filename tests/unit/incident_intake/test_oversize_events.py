"""What was accepted fits the topics, all the way to the page."""

import json
import random

from escalation.domain.escalation import Escalation
from escalation.domain.hearing import hear
from tests.unit.incident_intake.world import HOOK, World, message
from tocsin.catalog import Catalog, EscalationPolicy, Service, Settings, Spec, User
from tocsin.events import Envelope, Event, IncidentEvent, PageRequested, encode
from tocsin.testing import START
from tocsin.topics import ALERT_EVENTS, MAX_MESSAGE_BYTES

LARGEST = MAX_MESSAGE_BYTES - 4096  # What the relay takes.


def size(event: Event) -> int:
    return len(encode(Envelope(event, START, "tests")))


async def test_a_body_that_is_answered_202_makes_an_event_that_kafka_takes() -> None:
    dice = random.Random(7)

    def text(length: int) -> str:
        return "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(length))

    alert = {"labels": {f"l{n}": text(8_000) for n in range(195)}}
    body = json.dumps([alert], ensure_ascii=False).encode()
    world = World()
    headers = {**HOOK, "content-type": "application/json"}
    answer = await world.http.post("/api/v2/alerts", headers=headers, content=body)

    if answer.status_code == 200:
        assert max(len(one.value) for one in world.broker.records(ALERT_EVENTS.name)) < LARGEST


async def test_a_page_about_many_large_alerts_still_fits_its_topic() -> None:
    labels = {f"label{n}": "x" * 4_000 for n in range(150)}
    world = World()
    world.catalog.current.specs["Service", "checkout"] = Service.model_validate(  # type: ignore[index]
        {"grouping": {"by": ["label1"]}}
    )
    facts: list[Event] = []
    for count in range(20):
        facts += await world.rings(message(f"key-{count}", labels=labels))
    phone = {"name": "phone", "channel": "webhook", "address": "https://p.example/ada"}
    specs: dict[tuple[str, str], Spec] = {
        ("User", "ada"): User.model_validate({"contact_methods": [phone]}),
        ("EscalationPolicy", "p"): EscalationPolicy.model_validate(
            {"levels": [{"targets": [{"user": "ada"}], "escalate_after": "5m"}]}
        ),
        ("Service", "checkout"): Service(escalation_policy="p"),
        ("Settings", "s"): Settings.model_validate({"last_resort": {"user": "ada"}}),
    }
    catalog = Catalog(1, specs)
    climb = Escalation.unknown(world.incidents()[0].incident_id)
    for fact in facts:
        assert isinstance(fact, IncidentEvent)
        climb = hear(climb, fact, START, catalog).escalation
    (page,) = [
        one
        for one in climb.page_last_resort(START, catalog).facts
        if isinstance(one, PageRequested)
    ]

    assert size(page) < LARGEST
