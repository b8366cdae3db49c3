"""The checker: every promise in the ledger against the facts. Pure; what it finds is a verdict.

An accepted alert has one alert, one incident, one page per person, a delivery that the provider
knows of, and a timeline. An unknown answer may be either, exactly once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from dev.chaos.expectations import Expected, expectations
from dev.chaos.facts import Facts, PageFact
from dev.chaos.ledger import Acknowledgement, Answer, Broken, Entries, Ring
from dev.chaos.town import OF_SERVICE
from tocsin import events as e

Kind = Literal[
    "lost", "duplicated", "phantom", "wrong person", "late", "out of order", "repeated unexplained",
    "own error",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
OWN_FAULT, UNAVAILABLE = 500, 503
# A provider that rang but whose answer we never heard: the page is sent again, and must be.
_NO_ANSWER = frozenset({"cut", "hang"})
# Faults in which a process may die, or sleep past its lease, between a call and its record.
_STOPPED = frozenset({"kill", "point", "term", "zombie", "freeze"})
_IN_THE_WINDOW = _STOPPED | {"disk-full", "database-locked", "database-restart"}
WINDOW = 75.0
LAST_RESORT = 0  # The level of its pages: everybody of the policy's levels was given up.
# What may end between Kafka's ack and the delete of the outbox' row. A drain never does.
_REPEATING = _IN_THE_WINDOW - {"term"} | {"broker-kill", "broker-away"}
# How a page may end. An attempt that failed or is uncertain is no end: another follows.
_SETTLED = (e.NotificationSent, e.NotificationDelivered, e.NotificationWithdrawn, e.PageWithdrawn)
_ENDS = frozenset(one.TYPE for one in (*_SETTLED, e.ResponderUnreachable))


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise: what kind, about what, and what was seen."""

    kind: Kind
    subject: str
    detail: str


def check(entries: Entries, facts: Facts, *, timelines: bool = True) -> list[Finding]:
    """Return every broken promise; `timelines` only when they have been asked for."""
    expected = expectations(entries)
    rings = [one for one in entries.of(Ring) if one.purpose == "page"]
    return [
        *_answers(entries),
        *_alerts(expected, facts),
        *_incidents(facts, disturbed=any(one.kind in _REPEATING for one in entries.of(Broken))),
        *_pages(facts, rings),
        *_rings(facts, rings),
        *_repeats(entries, facts, rings),
        *_acknowledgements(entries, facts),
        *(_timelines(facts, rings) if timelines else ()),
    ]


def _answers(entries: Entries) -> Iterator[Finding]:
    """Whatever is broken, a sender hears that it was kept, or that we are away; never a crash."""
    for answer in entries.of(Answer):
        if answer.status >= OWN_FAULT and answer.status != UNAVAILABLE:
            yield Finding("own error", str(answer.number), f"was answered {answer.status}")


def _alerts(expected: dict[str, Expected], facts: Facts) -> Iterator[Finding]:
    for key, one in expected.items():
        opened = len(facts.opened.get(key, ()))
        if opened < one.fewest:
            yield Finding("lost", key, f"{opened} incidents of at least {one.fewest}")
        if opened > one.most:
            yield Finding("duplicated", key, f"{opened} incidents of at most {one.most}")
        yield from _alert(key, one, facts)
    for key in (facts.alerts.keys() | facts.opened.keys()) - expected.keys():
        yield Finding("phantom", key, "an alert that nobody sent")


def _alert(key: str, one: Expected, facts: Facts) -> Iterator[Finding]:
    found = facts.alerts.get(key, [])
    if one.fewest and not found:
        yield Finding("lost", key, "accepted, and no alert is listed")
    if len(found) > 1:
        yield Finding("duplicated", key, f"{len(found)} alerts of one identity")
    if one.status and found and not one.received[0] <= found[0][2] <= one.received[1]:
        least, most = one.received
        which: Kind = "lost" if found[0][2] < least else "duplicated"
        yield Finding(which, key, f"{found[0][2]} alert events of {least} to {most}")
    if one.status and found and found[0][0] != one.status:
        kind: Kind = "lost" if one.status == "firing" else "out of order"
        yield Finding(kind, key, f"is {found[0][0]}, and was last {one.status}")
    for status, incident, _ in found:
        if status == "firing" and incident not in facts.incidents:
            yield Finding("lost", key, f"its incident {incident} is not listed")


def _incidents(facts: Facts, *, disturbed: bool) -> Iterator[Finding]:
    if facts.copies and not disturbed:
        yield Finding(
            "duplicated", "topics", f"{facts.copies} events twice, and nothing was broken"
        )
    for event_id in facts.differing:
        yield Finding("duplicated", event_id, "one event id, two contents")
    ours = {incident for opened in facts.opened.values() for incident in opened}
    for incident in facts.incidents.keys() - ours:
        yield Finding("lost", incident, "listed, and never told on the topic")
    for incident in ours:
        if incident not in facts.incidents:
            yield Finding("phantom", incident, "told on the topic, and not listed")
        versions = facts.versions[incident]
        if versions != list(range(versions[0], versions[0] + len(versions))):
            yield Finding("out of order", incident, f"versions {versions}")


def _is_answered(facts: Facts, incident: str) -> bool:
    return facts.incidents.get(incident, {}).get("status") in {"acknowledged", "resolved"}


def _heard(facts: Facts, rings: list[Ring]) -> set[tuple[str, str]]:
    """Return who heard of which incident: by name, or as one of the "and 9 more" of a summary."""
    rung = {one.delivery for one in rings if one.is_heard}
    listed = {(one.incident, one.person) for one in rings if one.is_heard}
    return listed | {(where, who) for where, who, summary in facts.summarised if summary in rung}


def _pages(facts: Facts, rings: list[Ring]) -> Iterator[Finding]:
    heard = _heard(facts, rings)
    of_incident: defaultdict[str, list[PageFact]] = defaultdict(list)
    for page in facts.pages.values():
        of_incident[page.incident].append(page)
    for pages in of_incident.values():
        given_up = any(e.ResponderUnreachable.TYPE in facts.outcomes[p.page_id] for p in pages)
        for page in pages:
            yield from _page(page, facts, heard, given_up=given_up)
    for incident, item in facts.incidents.items():
        yield from _pages_of(item, of_incident[incident], facts, heard)


def _pages_of(
    item: dict[str, Any], pages: list[PageFact], facts: Facts, heard: set[tuple[str, str]]
) -> Iterator[Finding]:
    incident, answered = item["id"], _is_answered(facts, item["id"])
    if not pages and not answered:
        yield Finding("lost", incident, "nobody was paged")
    for (person, level), count in Counter((p.responder, p.level) for p in pages).items():
        if count > 1 and level != LAST_RESORT:
            yield Finding("duplicated", incident, f"{count} pages for {person}, level {level}")
    last = OF_SERVICE[item["service"]].people[-1]
    if not answered and (incident, last) not in heard:
        yield Finding("lost", incident, f"{last} never heard of it")


def _page(
    page: PageFact, facts: Facts, heard: set[tuple[str, str]], *, given_up: bool
) -> Iterator[Finding]:
    people, outcomes = OF_SERVICE[page.service].people, facts.outcomes[page.page_id]
    if page.level == LAST_RESORT and given_up:
        return  # Right where somebody was given up. Their mail is not the provider's.
    if page.responder not in people:
        yield Finding("wrong person", page.page_id, f"{page.responder} of {people}")
    if not outcomes & _ENDS:
        yield Finding("lost", page.page_id, f"the page for {page.responder} has no outcome")
    delivered = "tocsin.notification-delivered.v1" in outcomes
    if delivered and (page.incident, page.responder) not in heard:
        yield Finding("phantom", page.page_id, "delivered, and the provider never heard of it")


def _rings(facts: Facts, rings: list[Ring]) -> Iterator[Finding]:
    of_delivery: defaultdict[str, list[Ring]] = defaultdict(list)
    for ring in rings:
        of_delivery[ring.delivery].append(ring)
        if ring.incident not in facts.incidents:
            yield Finding("phantom", ring.incident, f"{ring.person} was rung about no incident")
        elif ring.person not in OF_SERVICE[ring.service].people:
            yield Finding("wrong person", ring.incident, ring.person)
    for delivery, calls in of_delivery.items():
        attempts = [one.attempt for one in calls]
        if attempts != sorted(attempts):
            yield Finding("out of order", delivery, f"attempts {attempts}: a zombie was not fenced")


def _repeats(entries: Entries, facts: Facts, rings: list[Ring]) -> Iterator[Finding]:
    of_method: defaultdict[tuple[str, str, str], list[Ring]] = defaultdict(list)
    for ring in rings:
        of_method[ring.incident, ring.person, ring.method].append(ring)
    hurting = [one for one in entries.of(Broken) if _may_repeat(one)]
    for repeat in repeats(rings):
        calls = of_method[repeat.incident, repeat.person, repeat.method]
        if not _is_explained(repeat, calls, hurting, facts):
            yield Finding("repeated unexplained", repeat.incident, str(repeat))


def repeats(rings: list[Ring]) -> list[Ring]:
    """Return the rings of a contact method about an incident that it had rung for before.

    Another method of the same person is no repeat: it goes when the first has not answered in time.
    """
    seen: set[tuple[str, str, str]] = set()
    found = []
    for ring in rings:
        if ring.is_heard and (ring.incident, ring.person, ring.method) in seen:
            found.append(ring)
        elif ring.is_heard:
            seen.add((ring.incident, ring.person, ring.method))
    return found


def _may_repeat(fault: Broken) -> bool:
    """Whether it may keep notifier from recording a call that it has made."""
    where = fault.target.startswith("notifier") or fault.target in {"postgres", "disk"}
    return where and fault.hit and fault.kind in _IN_THE_WINDOW


def _is_explained(repeat: Ring, calls: list[Ring], hurting: list[Broken], facts: Facts) -> bool:
    """Whether the provider lost an answer, or a process died or slept in the answer window.

    `calls` are those of the same method about the same incident.
    """
    before = [one for one in calls if one.at < repeat.at]
    if any(one.behaviour in _NO_ANSWER for one in before):
        return True
    first = min(one.at for one in before)
    hurt = any(one.at <= repeat.at and one.until >= first - WINDOW for one in hurting)
    # A summary's id is not that of one notification.
    is_told = repeat.delivery in facts.uncertain or "." in repeat.delivery
    return hurt and is_told and repeat.repeat_possible


def _acknowledgements(entries: Entries, facts: Facts) -> Iterator[Finding]:
    for one in entries.of(Acknowledgement):
        if one.outcome != "accepted" or one.incident in facts.refused:
            continue
        if not _is_answered(facts, one.incident):
            yield Finding("lost", one.incident, f"the acknowledgement by {one.person}")


def _timelines(facts: Facts, rings: list[Ring]) -> Iterator[Finding]:
    heard = _heard(facts, rings)
    for incident in facts.incidents:
        text = facts.timelines.get(incident)
        if text is None or "triggered" not in text:
            yield Finding("lost", incident, "its timeline does not tell that it triggered")
            continue
        for person in OF_SERVICE[facts.incidents[incident]["service"]].people:
            if (incident, person) in heard and person not in text:
                yield Finding("lost", incident, f"its timeline does not tell of {person}")
