"""What must hold after every step, whatever was killed and when."""

from collections import Counter
from datetime import timedelta

from notifier.domain.notification import Notification
from notifier.domain.retrying import LEASE
from notifier.domain.states import Sending
from notifier.domain.summary import leader_of
from tests.simulation import catalog
from tests.simulation.phones import Ring
from tests.simulation.stories import CALLS, Page, Stories, Story
from tests.simulation.world import ViolationError, World
from tocsin.events import PageRequested, SeverityChanged

LAST_RESORT_EVERY = timedelta(minutes=5)
FRESH = timedelta(milliseconds=100)  # Younger claims are not looked at again before the call.


class Watcher:
    """Watches a world from outside: its topics, its databases, its telephones."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stories = Stories(world.broker)
        self._excused: Counter[str] = Counter()
        self._last: dict[str, Page] = {}
        world.phones.on_ring = self.on_ring

    def look(self) -> None:
        """Look at everything that is new."""
        self.read()
        self._one_incident_each()
        if self.world.troubles:
            where, error = self.world.troubles[0]
            if isinstance(error, ViolationError):
                raise error
            raise ViolationError("no process fails", f"{where}: {error!r}")
        for line in self.world.logs:
            if line["log_level"] in {"error", "critical"}:
                raise ViolationError("no error is logged", str(line))
        for name, database in self.world.databases.items():
            if letters := database.tables.get("dead_letters"):
                raise ViolationError("nothing is buried", f"{name}: {next(iter(letters.values()))}")

    def read(self) -> None:
        """Read what the topics have to tell."""
        for story, envelope, _ in self.stories.read_on():
            if isinstance(envelope.data, PageRequested):
                self._page(story, story.pages[envelope.data.page_id])

    def _one_incident_each(self) -> None:
        tables = self.world.databases["incident-intake"].tables
        incidents = tables.get("incidents", {})
        firing: Counter[str] = Counter(
            part.alert_id
            for part in tables.get("memberships", {}).values()
            if part.status == "firing" and incidents[part.incident_id].is_open
        )
        if twice := [alert_id for alert_id, count in firing.items() if count > 1]:
            raise ViolationError("one open incident for one alert", str(twice))

    # Pages.

    def _page(self, story: Story, page: Page) -> None:
        request = page.request
        service = request.service
        right = (
            self._last_resort(story, service)
            if request.level == 0
            else {catalog.on_call(page.at)}
            if service == "web"
            else catalog.LEVELS[service][request.level - 1]
        )
        if request.responder not in right:
            told = f"{request.responder}, not {right}: {request}"
            raise ViolationError("the right person is paged", told)
        self._not_early(story, page)
        self._last[story.incident_id] = page

    def _last_resort(self, story: Story, service: str) -> set[str]:
        """Return who may be woken at the end: where the policy's cannot be reached, everybody's."""
        last = catalog.LAST_RESORT.get(service, {catalog.EVERYBODYS_LAST})
        asked = [page for page in story.pages.values() if page.request.level == 0]
        lost = {page.request.responder for page in asked if page.is_unreachable}
        return last | {catalog.EVERYBODYS_LAST} if last <= lost else last

    def _not_early(self, story: Story, page: Page) -> None:
        before = self._last.get(story.incident_id)
        now = page.request
        if before is None or _place(before.request) == _place(now):
            return
        if any(
            before.request.incident_version < one.data.version <= now.incident_version
            for one in story.events
            if isinstance(one.data, (*CALLS, SeverityChanged))
        ):
            return  # Called anew: from the first level, at once.
        pause = catalog.PATIENCE[now.service] if before.request.level else LAST_RESORT_EVERY
        if page.at - before.at >= pause:
            return
        self._excused[story.incident_id] += 1
        if self._excused[story.incident_id] > story.escalates + story.unreachable:
            told = f"{now.level} after {before.request.level}, {page.at - before.at} later: {now}"
            raise ViolationError("no level is early", told)

    # Telephones.

    def on_ring(self, ring: Ring) -> None:
        """Judge a message in the moment that it arrives."""
        try:
            self._judge(ring)
        except Exception as error:
            # Raised where the channel is called, which takes it for a fault of the channel.
            self.world.troubles.append(("a telephone", error))
            raise

    def _judge(self, ring: Ring) -> None:
        self.read()
        told = self._told(ring)
        if ring.purpose != "page":
            return
        for notification in told:
            page = self.stories.pages.get(notification.page_id)
            if page is None:
                raise ViolationError("no page without a request", f"{ring}")
            if not ring.owner == notification.responder == page.request.responder:
                raise ViolationError("the right person is paged", f"{ring}: {page.request}")
        if not ring.was_frozen:
            self._wanted(ring, told)
        self._repeats(ring, told)

    def _told(self, ring: Ring) -> list[Notification]:
        """Return what a message tells of: one page, or all that a summary stands for."""
        tables = self.world.databases["notifier"].tables
        known: dict[str, Notification] = tables.get("notifications", {})
        found = [one for one in known.values() if one.summary == ring.delivery_id]
        if not found and (leader := known.get(leader_of(ring.delivery_id))) is not None:
            found = [leader]
        if not found:
            raise ViolationError("no page without a request", f"{ring}")
        return found

    def _wanted(self, ring: Ring, told: list[Notification]) -> None:
        claimed = [one for one in told if isinstance(one.state, Sending)]
        if not claimed or ring.attempt not in {one.attempt for one in claimed}:
            raise ViolationError("no void claim is called", f"{ring}: {told}")
        if any(self._is_open(one) for one in claimed):
            return
        # The other of two may have heard the answer since the claim; an only one has not.
        since = {one.state.lease_until - LEASE for one in claimed if isinstance(one.state, Sending)}
        is_fresh = self.world.now() - max(since) < FRESH
        if not (is_fresh and "notifier" in self.world.plan.doubled):
            raise ViolationError("nobody is paged after the answer was heard", f"{ring}")

    def _is_open(self, notification: Notification) -> bool:
        incidents = self.world.databases["notifier"].tables.get("incidents", {})
        incident = incidents.get(notification.incident_id)
        return incident is None or not incident.has_answered(notification.incident_version)

    def _repeats(self, ring: Ring, told: list[Notification]) -> None:
        earlier = [one for one in self.world.phones.rings if one.delivery_id == ring.delivery_id]
        if ring.was_frozen:
            return
        known = [one for one in told if isinstance(one.state, Sending)]
        if any(one.outcome in {"sent", "delivered"} for each in known for one in each.attempts):
            raise ViolationError("nobody rings twice for what is known to have arrived", f"{ring}")
        if not earlier:
            return
        if not ring.is_repeat:
            raise ViolationError("a repeat says that it is one", f"{earlier[-1]}, then {ring}")
        if not self._may_be_lost(earlier[-1]):
            raise ViolationError("nobody rings twice without need", f"{earlier[-1]}, then {ring}")

    def _may_be_lost(self, ring: Ring) -> bool:
        """Return whether its answer may not have been recorded."""
        process = ring.process
        jumped = any(moment >= ring.moment for moment in self.world.jumps)
        return not ring.answered or process.is_dead or process.freezes > ring.freezes or jumped


def _place(request: PageRequested) -> tuple[int, int]:
    return request.loop, request.level
