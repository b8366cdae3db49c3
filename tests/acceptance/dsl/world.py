"""The facade a scenario sees."""

import itertools
from datetime import datetime, timedelta
from typing import Any, Literal, NoReturn

import httpx

from tests.acceptance.dsl.arrangements import Policy, Schedule, Service, Team
from tests.acceptance.dsl.devices import Device
from tests.acceptance.dsl.drivers import CrashMoment, Driver, Faults
from tests.acceptance.dsl.drivers import Service as ServiceName
from tests.acceptance.dsl.incidents import Incident
from tests.acceptance.dsl.people import Responder
from tests.acceptance.dsl.places import Place
from tests.acceptance.dsl.times import TimeOfDay

GIBBERISH = {"alerts": "what?", "version": ["4"]}


class World:
    """People, what they answer for, and what happens to them."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.began = driver.now()
        self.devices: list[Device] = []
        self._people: dict[str, Responder] = {}
        self._services: dict[str, Service] = {}
        self._others: dict[str, Schedule | Team | Place] = {}
        self._last_resort: Responder | None = None
        self._in_force = True

    # Given.

    def responders(self, *names: str) -> tuple[Responder, ...]:
        """Return people, each with a phone."""
        for name in names:
            self._people[name] = Responder(self, name)
        self.rearranged()
        return tuple(self._people[name] for name in names)

    def person(self, name: str) -> Responder:
        """Return somebody who is there already."""
        return self._people[name]

    def policy(self, service: str) -> Policy:
        """Return a new policy for this service, in the place of the one it had."""
        owner = self.service(service)
        owner.policy = Policy(owner.name)
        return owner.policy

    def service(self, name: str) -> Service:
        """Return what can break."""
        self.rearranged()
        return self._services.setdefault(name, Service(self.own(name)))

    def schedule(self, name: str) -> Schedule:
        """Return a new schedule."""
        found = self._others[f"schedule {name}"] = Schedule(self.own(name))
        self.rearranged()
        return found

    def team(self, name: str, *members: Responder) -> Team:
        """Return a new team."""
        found = self._others[f"team {name}"] = Team(self.own(name), members)
        self.rearranged()
        return found

    def channel(self, name: str) -> Place:
        """Return a new channel of a chat."""
        return self._place("channel", name)

    def webhook(self, name: str) -> Place:
        """Return a new webhook."""
        return self._place("webhook", name)

    def turns_to(self, responder: Responder) -> None:
        """Page this person for everything that nobody is there for."""
        self._last_resort = responder
        self.rearranged()

    # When.

    async def fires(
        self, title: str, service: str, severity: str = "critical", **labels: str
    ) -> Incident:
        """Let a tool report an alert; return what came of it."""
        return await self._report(title, service, labels, status="firing", severity=severity)

    async def resolves(self, title: str, service: str, **labels: str) -> Incident:
        """Let the tool report that it is over."""
        return await self._report(title, service, labels, status="resolved")

    async def fires_for(self, duration: timedelta, title: str, service: str) -> Incident:
        """Let a Prometheus report an alert that ends by itself unless it is sent again."""
        await self._arrange()
        alert = {
            "labels": {"alertname": title, "severity": "critical"},
            "startsAt": self.driver.now().isoformat(),
            "endsAt": (self.driver.now() + duration).isoformat(),
        }
        key = self._services[service].key("alertmanager")
        answer = await self.driver.ask(
            "incident-intake", "POST", f"/k/{key}/api/v2/alerts", [alert]
        )
        answer.expect(200)
        return await self._known(Incident(self, self.own(service), "title", title))

    async def sends_gibberish(self, service: str) -> Incident:
        """Let a tool send what nobody can read."""
        await self._arrange()
        owner = self._services[service]
        path = f"/k/{owner.key('alertmanager')}/v1/alerts/alertmanager"
        (await self.driver.ask("incident-intake", "POST", path, GIBBERISH)).expect(202)
        unreadable = f"tocsin/unreadable/{owner.name}-alertmanager"
        return await self._known(Incident(self, owner.name, "dedup_key", unreadable))

    async def silences(self, title: str, duration: timedelta) -> None:
        """Let nobody be notified of alerts of this title, for a while."""
        await self._arrange()
        now = self.driver.now()
        body = {
            "matchers": [f'title="{title}"'],
            "starts_at": now.isoformat(),
            "ends_at": (now + duration).isoformat(),
            "comment": "we know",
        }
        answer = await self.driver.ask("incident-intake", "POST", "/v1/silences", body)
        answer.expect(200, 201, 202)

    async def puts_on_call(
        self, who: Responder, *, instead_of: Responder, schedule: Schedule, duration: timedelta
    ) -> None:
        """Let somebody stand in for somebody, from now on."""
        await self._arrange()
        body = {
            "schedule": schedule.name,
            "until": (self.driver.now() + duration).isoformat(),
            "remove": self.own(instead_of.name),
            "add": self.own(who.name),
        }
        (await self.driver.ask("escalation", "POST", "/v1/overrides", body)).expect(201)

    async def passes(self, duration: timedelta) -> None:
        """Let time pass; whoever was paged must have read it before."""
        __tracebackhide__ = True
        await self._arrange()
        self.is_silent()
        await self.driver.passes(duration)

    async def reaches(self, moment: TimeOfDay) -> None:
        """Let time pass until a clock shows this."""
        __tracebackhide__ = True
        await self.passes(moment.next_after(self.driver.now()) - self.driver.now())

    async def redelivers(self) -> None:
        """Let Kafka hand out everything again, from the beginning of every topic."""
        await self._faults.redeliver()

    def crashes(
        self,
        service: ServiceName,
        *,
        before: Literal["save"] | None = None,
        after: Literal["save", "claim", "publish"] | None = None,
    ) -> None:
        """Kill a service around its next save; it comes back with what it has saved."""
        self._faults.crash(service, _moment(before, after), None)

    def may_crash(self, service: ServiceName, moment: CrashMoment, nth: int) -> None:
        """Kill a service at the nth such moment, if there are so many."""
        self._faults.crash(service, moment, nth)
        # One that dies before it has heard the answer of a phone cannot know, and rings again.
        for device in self.devices:
            device.ignores_repeats = True

    async def kafka_is_away(self) -> None:
        """Take Kafka away."""
        await self._arrange()
        self._faults.kafka(away=True)

    async def kafka_returns(self) -> None:
        """Bring Kafka back."""
        self._faults.kafka(away=False)
        await self.driver.passes(timedelta(0))

    def stands_still(self, service: ServiceName) -> None:
        """Let a service do nothing at all."""
        self._faults.stands_still(service, still=True)

    async def goes_on(self, service: ServiceName) -> None:
        """Let it go on."""
        self._faults.stands_still(service, still=False)
        await self.driver.passes(timedelta(0))

    def loses(self, topic: str) -> None:
        """Let what a topic holds be gone, whoever has yet to read it."""
        self._faults.loses(topic)

    # Then.

    def operators_are_told(self, by: ServiceName, *subjects: str) -> None:
        """Have been told this by a service's second path, and nothing else, since last asked."""
        __tracebackhide__ = True
        told = self._faults.alarms(by)
        wanted = [f"[Tocsin] {by}: {subject}" for subject in subjects]
        assert told == wanted, f"{by} told the operators {told}, not {wanted}"

    async def says_why(self, title: str, service: str, *codes: str) -> str:
        """Answer why an alert told somebody or nobody, by these decisions; return the answer."""
        __tracebackhide__ = True
        owner = self._services[service].name
        path = f"/v1/alerts?service={owner}&limit=500"
        items = (await self.driver.ask("incident-intake", "GET", path)).expect(200)["items"]
        (identity,) = [item["id"] for item in items if item["title"] == title]
        path = f"/v1/why?alert={identity}"
        found = (await self.driver.ask("incident-intake", "GET", path)).expect(200)
        told = tuple(item["code"] for item in found["items"])
        assert told == codes, f"why {title}: {told}, not {codes}"
        return self.plain(" ".join(found["answer"]))

    def is_silent(self) -> None:
        """Have no page that nobody read."""
        __tracebackhide__ = True
        if any(device.unread for device in self.devices):
            self.complain("somebody was paged and nobody expected it")

    async def has_incidents(self, count: int, service: str) -> None:
        """Have had this many incidents of a service."""
        __tracebackhide__ = True
        path = f"/v1/incidents?service={self._services[service].name}"
        answer = await self.driver.ask("incident-intake", "GET", path)
        titles = [item["title"] for item in answer.expect(200)["items"]]
        assert len(titles) == count, f"{len(titles)} incidents, not {count}: {titles}"

    async def ends_in_silence(self) -> None:
        """Let the last effects come, and fail if anybody is paged by them."""
        __tracebackhide__ = True
        await self.driver.passes(timedelta(0))
        self.is_silent()

    # For the language itself.

    def own(self, name: str) -> str:
        """Return this world's own form of a name."""
        return f"{name}{self.driver.suffix}"

    def plain(self, text: str) -> str:
        """Return a text with names as the scenario says them."""
        return text.replace(self.driver.suffix, "") if self.driver.suffix else text

    def rearranged(self) -> None:
        """Note that what is arranged is not in force yet."""
        self._in_force = False

    async def press(self, link: str) -> None:
        """Press the button of a page."""
        (await self.driver.ask("notifier", "POST", httpx.URL(link).path)).expect(200, 202)

    def check_time(self, who: str, at: datetime, after: timedelta) -> None:
        """Complain unless that was so long after the beginning: never early, and soon enough."""
        __tracebackhide__ = True
        elapsed = at - self.began
        if not after <= elapsed <= after + self.driver.slack:
            self.complain(f"{who} was paged at +{elapsed}, not at +{after}")

    def complain(self, problem: str) -> NoReturn:
        """Fail, and tell what nobody has read."""
        __tracebackhide__ = True
        unread = sorted(
            (page.at - self.began, device.owner, device.name, page.title)
            for device in self.devices
            for page in device.unread
        )
        lines = [f"  +{when}  {who} ← {title} (by {how})" for when, who, how, title in unread]
        raise AssertionError("\n".join([f"{problem}; unread:", *(lines or ["  nothing"])]))

    def _place(self, kind: Literal["channel", "webhook"], name: str) -> Place:
        found = self._others[f"{kind} {name}"] = Place(self, kind, name)
        self.devices.append(found.device)
        self.rearranged()
        return found

    @property
    def _faults(self) -> Faults:
        assert self.driver.faults is not None, "this system cannot be broken on purpose"
        return self.driver.faults

    async def _arrange(self) -> None:
        if self._in_force:
            return
        people = (person.document() for person in self._people.values())
        services = itertools.chain.from_iterable(
            service.documents() for service in self._services.values()
        )
        others = (other.document() for other in self._others.values())
        documents: list[dict[str, Any]] = [*people, *others, *services]
        if self._last_resort is not None:
            spec = {"last_resort": self._last_resort.target()}
            documents.append({"kind": "Settings", "name": self.own("settings"), "spec": spec})
        await self.driver.apply(documents)
        self._in_force = True

    async def _report(
        self, title: str, service: str, labels: dict[str, str], **more: str
    ) -> Incident:
        await self._arrange()
        owner = self._services[service]
        told = [title, *(f"{name}={value}" for name, value in sorted(labels.items()))]
        body = {"title": title, "dedup_key": " ".join(told), "labels": labels, **more}
        path = f"/k/{owner.key()}/v1/alerts/generic"
        (await self.driver.ask("incident-intake", "POST", path, body)).expect(202)
        return await self._known(Incident(self, owner.name, "dedup_key", " ".join(told)))

    async def _known(self, incident: Incident) -> Incident:
        """Return it once it is known which one it is: a later one may have the same alert."""
        await incident.look()
        return incident


def _moment(
    before: Literal["save"] | None, after: Literal["save", "claim", "publish"] | None
) -> CrashMoment:
    if before is not None:
        return "before save"
    moments: dict[str, CrashMoment] = {
        "save": "after save",
        "claim": "after claim",
        "publish": "after publish",
    }
    assert after is not None, "say when: before or after what"
    return moments[after]
