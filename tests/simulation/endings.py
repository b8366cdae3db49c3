"""The quiet phase: every fault stops, enough time passes, and everything must have come right."""

from collections import Counter
from collections.abc import Iterable
from random import Random

from escalation.domain.status import Halted
from tests.simulation import catalog
from tests.simulation.doing import Doer
from tests.simulation.invariants import Watcher
from tests.simulation.plan import Alert, Order
from tests.simulation.process import Process
from tests.simulation.stories import CALLS, Page, Story
from tests.simulation.world import ViolationError, World
from tocsin.bus import Record
from tocsin.events import (
    AlertEvent,
    IncidentAcknowledged,
    IncidentResolved,
    IncidentSnoozed,
    NoteAdded,
    NotificationDelivered,
    NotificationSent,
    NotificationWithdrawn,
)

HEALED = 140.0  # Longer than any fault lasts that is on the agenda still.
REST = 660.0  # Longer than the longest wait for a retry, a lease, an acknowledgement.
PROMISE = 5.0  # Seconds from an alert to the telephone, in quiet.
ACTS = (IncidentAcknowledged, IncidentSnoozed, IncidentResolved, NoteAdded)


class Ending:
    """Brings a world to its end, and judges it."""

    def __init__(self, world: World, doer: Doer, watcher: Watcher) -> None:
        self.world = world
        self.doer = doer
        self.watcher = watcher

    async def come(self) -> None:
        """Heal everything, let time pass, and look."""
        world = self.world
        world.chance = Random(f"{world.plan.seed}/end")
        world.note("-- the end")
        for halts in world.armed.values():
            halts.clear()
        world.phones.moods.clear()
        await world.passes(HEALED)
        world.phones.moods.clear()
        world.broker.away = False
        for group in world.broker.groups.values():
            group.silent_until = 0.0
        await world.passes(REST)
        self.watcher.look()
        self._everything_is_done()
        self._everybody_agrees()
        self._all_called_are_paged()
        self._the_answered_are_left_alone()
        await self._somebody_is_still_woken()
        await self._it_is_over()
        await self._the_stories_are_told()

    # After the quiet.

    def _everything_is_done(self) -> None:
        world = self.world
        if self.doer.ledger.unanswered:
            raise ViolationError("who asks is answered", f"{self.doer.ledger.unanswered} wait")
        now = world.now()
        for name, database in world.databases.items():
            if database.tables.get("outbox"):
                raise ViolationError("outboxes are empty", name)
            late = [one for one in database.tables.get("timers", {}).values() if one.due_at < now]
            if late:
                raise ViolationError("no timer is overdue", f"{name}: {late[0]}")
        notifications = world.databases["notifier"].tables.get("notifications", {})
        for one in notifications.values():
            if one.wakes_at is not None and one.wakes_at < now:
                raise ViolationError("every page ends", f"{one}")
        self._everything_is_heard()

    def _everything_is_heard(self) -> None:
        seen = self.watcher.stories
        for process in self._everybody():
            inbox = process.database.tables.get("inbox", {})
            for consumer in process.consumers:
                for envelope in seen.by_topic[consumer.subscription.topic.name]:
                    wanted = isinstance(envelope.data, consumer.subscription.events)
                    if wanted and (consumer.name, envelope.event_id) not in inbox:
                        told = f"{consumer.name} never handled {envelope.data}"
                        raise ViolationError("everything is heard", told)

    def _everybody(self) -> Iterable[Process]:
        return [one for (_, replica), one in self.world.processes.items() if replica == 0]

    def _everybody_agrees(self) -> None:
        databases = self.world.databases
        incidents = databases["incident-intake"].tables.get("incidents", {})
        climbs = databases["escalation"].tables.get("escalations", {})
        heard = databases["notifier"].tables.get("incidents", {})
        for identity, incident in incidents.items():
            story = self.watcher.stories.by_id.get(identity)
            if story is None or story.version != incident.version:
                raise ViolationError("what is decided is told", f"{incident}")
            climb = climbs.get(identity)
            late = [climb.deadline if climb else None, incident.wakes_at]
            if any(at is not None and at < self.world.now() for at in late):
                raise ViolationError("nothing stands still", f"{incident}; {climb}")
            is_answered = incident.status != "triggered"
            if climb is None or isinstance(climb.status, Halted) != is_answered:
                raise ViolationError("everybody agrees", f"escalation: {climb}; {incident}")
            if identity not in heard or heard[identity].status != incident.status:
                raise ViolationError("everybody agrees", f"notifier: {heard.get(identity)}")
        self._alerts_are_as_they_were_told(set(incidents))

    def _alerts_are_as_they_were_told(self, incidents: set[str]) -> None:
        told = self.watcher.stories.by_topic["alert-events"]
        on_the_log = {one.event_id for one in told}
        if lost := self.doer.ledger.accepted.keys() - on_the_log:
            raise ViolationError("no accepted alert is lost", f"{lost}")
        alerts = self.world.databases["incident-intake"].tables.get("alerts", {}).values()
        known = {(one.service, one.dedup_key): one for one in alerts}
        events = [one.data for one in told if isinstance(one.data, AlertEvent)]
        last = {(one.service, one.dedup_key): one for one in events}
        fired = {(one.service, one.dedup_key) for one in events if one.action == "trigger"}
        for place in fired:
            alert, event = known.get(place), last[place]
            if alert is None or alert.incident_id not in incidents:
                raise ViolationError("no accepted alert is lost", f"{place}: {alert}")
            if event.action == "resolve" and alert.status == "firing":
                raise ViolationError("what is over ends", f"{alert}")
            # A person may have resolved it after its last message, and nobody else.
            if (
                event.action == "trigger"
                and alert.status != "firing"
                and alert.ended_by != "person"
            ):
                raise ViolationError("what fires stays open", f"{alert}")

    def _all_called_are_paged(self) -> None:
        for story in self.watcher.stories.by_id.values():
            asked = {page.request.incident_version for page in story.pages.values()}
            for envelope in story.events:
                if isinstance(envelope.data, CALLS) and envelope.data.version not in asked:
                    raise ViolationError("every incident is paged", f"{envelope.data}")
            for page in story.pages.values():
                self._has_ended(page)

    def _has_ended(self, page: Page) -> None:
        ends = (NotificationSent, NotificationDelivered, NotificationWithdrawn)
        has_ended = page.is_unreachable or any(
            # Answered while it was on its way: it is not tried again, and says so.
            isinstance(one, ends) or (page.withdrawn and getattr(one, "retry_at", one) is None)
            for one in page.outcomes
        )
        if not has_ended:
            raise ViolationError("every page ends", f"{page}")
        for one in page.outcomes:
            if isinstance(one, NotificationSent | NotificationDelivered):
                self._is_true(one)

    def _is_true(self, told: NotificationSent | NotificationDelivered) -> None:
        phones = self.world.phones
        delivery_id = told.summary_id or told.notification_id
        said = {
            word
            for (identity, attempt), words in phones.answers.items()
            if identity == delivery_id and (told.summary_id or attempt == told.attempt)
            for word in words
        }
        if isinstance(told, NotificationSent):
            is_true = "Accepted" in said
        else:
            is_true = "Delivered" in said or delivery_id in phones.receipts
        if not is_true:
            raise ViolationError("what is said of a page is true", f"{told}; it heard {said}")

    def _the_answered_are_left_alone(self) -> None:
        for story in self.watcher.stories.by_id.values():
            for page in story.pages.values():
                if page.request.incident_version < story.answered_at and not page.withdrawn:
                    raise ViolationError("an answer withdraws the open pages", f"{page.request}")

    # A last alert for each service.

    async def _somebody_is_still_woken(self) -> None:
        began = self.world.loop.time()
        turn = catalog.on_call(self.world.now())
        for number, service in enumerate(catalog.SERVICES):
            await self.doer.do(Alert(-1 - number, service=service, key="z-canary"))
        await self.world.passes(185.0)
        due = {
            "shop": {"ada/phone": 0, "ada/mail": 60, "bob/phone": 120},
            "pay": {
                "bob/phone": 0,
                "cyd/phone": 0,
                "cyd/mail": 20,
                "dan/phone": 180,
                "eve/phone": 180,
            },
            "web": {f"{turn}/phone": 0, "dan/phone": 60}
            | ({"ada/mail": 60} if turn == "ada" else {}),
        }
        for service, wanted in due.items():
            rang = {
                ring.address: ring.moment - began
                for ring in self.world.phones.pages()
                if ring.moment >= began and self._is_canary(ring.incident_id, service)
            }
            in_time = all(0 <= rang.get(one, -1) - at < PROMISE for one, at in wanted.items())
            if rang.keys() != wanted.keys() or not in_time:
                told = f"{service}: {rang}, not {wanted}"
                raise ViolationError("who must be woken is woken", told)

    def _is_canary(self, incident_id: str, service: str) -> bool:
        story = self.watcher.stories.by_id[incident_id]
        title = getattr(story.events[0].data, "title", "")
        return story.service == service and title == "z-canary is broken"

    # When all is over.

    async def _it_is_over(self) -> None:
        tables = self.world.databases["incident-intake"].tables
        for number, one in enumerate(list(tables.get("incidents", {}).values())):
            if one.is_open:
                order = Order(-100 - number, verb="resolve", who="eve")
                await self.doer.order(one.incident_id, order)
        await self.world.passes(2 * PROMISE)
        rung = len(self.world.phones.pages())
        await self.world.passes(REST)
        self.watcher.look()
        if len(self.world.phones.pages()) != rung:
            last = self.world.phones.pages()[-1]
            raise ViolationError("nobody is paged when it is over", f"{last}")
        self._everything_is_done()
        self._everybody_agrees()
        self._all_called_are_paged()
        self._the_answered_are_left_alone()
        self._nothing_unasked()
        for incident_id, verb, who in self.doer.ledger.told:
            self._was_done(self.watcher.stories.by_id[incident_id], verb, who)

    def _nothing_unasked(self) -> None:
        for identity, story in self.watcher.stories.by_id.items():
            acts = Counter(
                envelope.data.by.name
                for envelope in story.events
                if isinstance(envelope.data, ACTS) and envelope.data.by.kind == "user"
            )
            for who, count in acts.items():
                # To snooze what nobody has is to acknowledge it as well.
                if count > 2 * self.doer.ledger.asked[identity, who]:
                    raise ViolationError("nothing is done that nobody asked for", f"{who}: {acts}")

    def _was_done(self, story: Story, verb: str, who: str) -> None:
        told = [one.data for one in story.events]
        mine = [one for one in told if str(getattr(one, "by", "")) == who]
        is_done = {
            "resolve": any(isinstance(one, IncidentResolved) for one in told),
            "acknowledge": any(isinstance(one, IncidentAcknowledged | NoteAdded) for one in mine),
            "note": any(isinstance(one, NoteAdded) for one in mine),
            "escalate": story.escalates > 0,
            "snooze": any(isinstance(one, IncidentSnoozed) for one in mine),
        }
        if not is_done[verb]:
            raise ViolationError("what was promised to people is done", f"{verb} by {who}")

    async def _the_stories_are_told(self) -> None:
        world = self.world
        told = {}
        for identity, story in self.watcher.stories.by_id.items():
            answer = await world.ask("postmortem", "GET", f"/v1/timelines/{identity}")
            assert answer is not None, "nobody answers in quiet"
            told[identity] = answer.expect(200)["items"]
            if {one["event_id"] for one in told[identity]} != story.event_ids:
                raise ViolationError("timelines are complete", f"{identity}")
        again = await self._told_by_another()
        if again != told:
            raise ViolationError("a timeline is the same in any order", f"{again} / {told}")

    async def _told_by_another(self) -> dict[str, object]:
        """Let a new postmortem, with nothing, read everything in another order."""
        world = self.world
        for replica in range(2):
            if process := world.processes.pop(("postmortem", replica), None):
                process.die()
        world.databases["postmortem"].tables = {}
        world.start("postmortem", 0)
        process = world.processes["postmortem", 0]
        for consumer in reversed(process.consumers):
            topic = consumer.subscription.topic.name
            places = [place for place in world.broker.log if place[0] == topic]
            for place in sorted(places, reverse=True):
                held = world.broker.log[place]
                records = [
                    Record(topic, place[1], offset, one.key, one.value)
                    for offset, one in enumerate(held)
                ]
                await process.run(consumer.consume(records))
        told = {}
        for identity in self.watcher.stories.by_id:
            answer = await process.ask("GET", f"/v1/timelines/{identity}", None, "")
            assert answer is not None, "nobody answers in quiet"
            told[identity] = answer.expect(200)["items"]
        return told
