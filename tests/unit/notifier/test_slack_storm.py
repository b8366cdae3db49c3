"""Two thousand alerts at once, in Slack: no page lost, no silence, no flood, the final state shown."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from notifier.domain.states import name_of
from tests.slack.presses import HEARING
from tests.slack.world import ChatWorld, acked, over
from tocsin.events import NotificationDelivered, NotificationSent, ResponderUnreachable

ALERTS = 2000
BATCH = 200


async def test_a_storm_of_two_thousand_alerts() -> None:
    world = ChatWorld(**HEARING)
    names = [f"inc-{n}" for n in range(1, ALERTS + 1)]
    batches = [names[first : first + BATCH] for first in range(0, ALERTS, BATCH)]
    for batch in batches:
        await world.rings(*batch)
    await world.lasts(timedelta(minutes=10))

    facts = []
    while more := await world.facts():
        facts += more
    reached = {
        one.page_id for one in facts if isinstance(one, NotificationSent | NotificationDelivered)
    }
    assert reached == {f"page-{one}" for one in names}
    assert not [one for one in facts if isinstance(one, ResponderUnreachable)]
    assert Counter(name_of(one.state) for one in world.all()) == {"sent": ALERTS}
    # A message a second while they were fresh, and one for the rest: nobody was refused.
    direct, shared = world.told_to("ada"), world.in_channel()
    assert 60 < len(direct) < 180
    assert len(shared) < 10
    assert world.slack.workspace.refused == 0
    gaps = [later.posted_at - earlier.posted_at for earlier, later in pairwise(direct)]
    assert max(gaps) < timedelta(seconds=30)

    for batch in batches:
        await world.moves(*(acked(one) for one in batch))
    for batch in batches:
        await world.moves(*(over(one) for one in batch))
    await world.lasts(timedelta(minutes=10))
    for message in world.messages:
        assert "triggered" not in message.text, message.text
        assert "esolved" in message.words, message.words
    assert Counter(one.state for one in world.posts()) == {"resting": len(world.messages)}
    assert world.slack.workspace.refused == 0
