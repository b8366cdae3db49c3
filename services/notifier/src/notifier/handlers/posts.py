"""Messages that are kept up to date: opened, changed as an incident moves, and never out of order.

Whoever writes a post holds its claim; whatever happens meanwhile is one more change after it.
Incidents are locked before posts, here as where their events come in: so what a change shows is
never older than the last event that was heard before it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain import reply
from notifier.domain.incident import Incident
from notifier.domain.page import Page
from notifier.domain.post import Post
from notifier.domain.posting import LOOK_BACK, conversations, of_page, placed
from notifier.domain.showing import shown
from notifier.ports import Job, NotifierUnitOfWork, PostJob
from tocsin.catalog import Service, Team
from tocsin.channels import SendResult
from tocsin.holder import CatalogHolder

AT_ONCE = 16  # Calls side by side; what Slack takes a minute is not much more.


@dataclass(frozen=True, slots=True)
class Move:
    """What an incident was, and is now; `is_new` says that it was just triggered first."""

    before: Incident | None
    after: Incident
    is_new: bool = False

    @property
    def is_looked_for(self) -> bool:
        """Whether somebody waits to see it: it was answered, or the answer ended."""
        return self.before is None or self.before.status != self.after.status


class PostHandlers:
    """The conversation with chats that can change what they show."""

    def __init__(
        self,
        catalog: CatalogHolder,
        channels: Iterable[str],
        *,
        secret: str,
        public_url: str = "",
        news: Callable[[], None] = lambda: None,
    ) -> None:
        """Post in `channels`, to those that `catalog` names; call `news` when there is work."""
        self._catalog = catalog
        self.channels = frozenset(channels)
        self._secret = secret
        self._public_url = public_url.rstrip("/")
        self._news = news

    async def on_moves(
        self, uow: NotifierUnitOfWork, moves: Mapping[str, Move], now: datetime
    ) -> None:
        """Take up how incidents moved; each of them is locked already."""
        if not self.channels or not moves:
            return
        posts = {one.post_id: one for one in await uow.posts.of_incidents(moves.keys())}
        for identity, post in posts.items():
            at_once = not post.is_shared and moves[post.incidents[0]].is_looked_for
            posts[identity] = post.want(now, at_once=at_once)
        told = {(one.channel, one.address, i) for one in posts.values() for i in one.incidents}
        new, joined = await self._open(uow, moves, told, now)
        await uow.posts.add(list(new.values()))
        await uow.posts.save(list((posts | joined).values()))
        await uow.posts.tell(
            [(one.post_id, i) for one in joined.values() for i in one.incidents if i in moves]
        )
        uow.after_commit(self._news)

    async def _open(
        self,
        uow: NotifierUnitOfWork,
        moves: Mapping[str, Move],
        told: set[tuple[str, str, str]],
        now: datetime,
    ) -> tuple[dict[str, Post], dict[str, Post]]:
        """Return the posts that are new, and those that tell of more incidents than before."""
        recent: dict[tuple[str, str], dict[str, Post]] = {}
        new: dict[str, Post] = {}
        joined: dict[str, Post] = {}
        for incident_id, move in moves.items():
            for where in self._conversations(move) if move.is_new else ():
                if (*where, incident_id) in told:
                    continue
                if where not in recent:
                    found = await uow.posts.recent(*where, now - LOOK_BACK)
                    recent[where] = {one.post_id: one for one in found}
                at_hand = recent[where]
                post = placed(incident_id, where, list(at_hand.values()), self._secret, now)
                is_known = post.post_id in at_hand and post.post_id not in new
                (joined if is_known else new)[post.post_id] = post
                at_hand[post.post_id] = post
        return new, joined

    def _conversations(self, move: Move) -> list[tuple[str, str]]:
        specs = self._catalog.current.specs
        service = specs.get(("Service", move.after.service))
        name = service.team if isinstance(service, Service) else None
        team = specs.get(("Team", name)) if name else None
        return conversations(team if isinstance(team, Team) else None, sorted(self.channels))

    async def on_sent(self, uow: NotifierUnitOfWork, jobs: Sequence[Job], now: datetime) -> None:
        """Keep direct messages up to date from now on; each job as it is after it was sent."""
        messages: dict[str, list[Job]] = {}
        for job in jobs:
            messages.setdefault(job.delivery_id, []).append(job)
        posts = [
            of_page(
                [(one.notification, one.page, one.incident) for one in parts], self._secret, now
            )
            for parts in messages.values()
        ]
        if not posts:
            return
        # A message for many pages may be recorded in several batches.
        known = await uow.posts.of([one.post_id for one in posts])
        joined = [
            known[one.post_id].tell_of(*one.incidents, now=now)
            for one in posts
            if one.post_id in known
        ]
        await uow.posts.add([one for one in posts if one.post_id not in known])
        await uow.posts.save(joined)
        await uow.posts.tell([(one.post_id, i) for one in joined for i in one.incidents])
        uow.after_commit(self._news)

    async def claim(self, uow: NotifierUnitOfWork, now: datetime) -> list[PostJob]:
        """Claim what is due; what shows the newest state already goes to rest instead."""
        due = await uow.posts.due(now, AT_ONCE)
        if not due:
            return []
        incidents = await uow.incidents.of({i for one in due for i in one.incidents})
        posts = await uow.posts.of([one.post_id for one in due])
        pages = await uow.pages.of({one.page_id for one in due if one.page_id})
        jobs, after = [], []
        for post in posts.values():
            if post.wakes_at is None or post.wakes_at > now:
                continue  # Another process was faster.
            of_post = [incidents[i] for i in post.incidents if i in incidents]
            claimed = post.claim(sum(one.version for one in of_post), now)
            after.append(claimed)
            if claimed.state == "posting":
                jobs.append(self._job(claimed, of_post, pages.get(post.page_id)))
        await uow.posts.save(after)
        return jobs

    def _job(self, post: Post, incidents: Sequence[Incident], page: Page | None) -> PostJob:
        somebodys = page is not None and not page.is_announcement
        token = reply.link_token(self._secret, post.page_id if somebodys else post.post_id)
        url = f"{self._public_url}/a/{token}" if self._public_url and somebodys else ""
        return PostJob(post, shown(post, incidents, page, token=token, url=url))

    async def record(
        self,
        uow: NotifierUnitOfWork,
        finished: Sequence[tuple[Post, SendResult]],
        now: datetime,
    ) -> None:
        """Take up what became of these; a result of an older claim writes nothing."""
        known = await uow.posts.of([post.post_id for post, _ in finished])
        after = [
            known[post.post_id].record(result, post.fence, now)
            for post, result in finished
            if post.post_id in known
        ]
        await uow.posts.save(after)
