"""Rules and addresses that are there twice must not cost the person the page."""

from datetime import timedelta

from tests.unit.notifier.making import ada
from tests.unit.notifier.world import World
from tocsin.catalog import User
from tocsin.channels import TargetGone
from tocsin.events import ResponderUnreachable


async def test_a_delayed_rule_that_is_there_twice_still_tells() -> None:
    world = World({"ada": ada(("high", "mail", "5m"), ("high", "mail", "5m"))})
    await world.pages("page-1")
    await world.passes(timedelta(minutes=6))

    assert len(world.mail.pages) == 1


async def test_an_address_that_is_there_twice_and_fails_is_unreachable() -> None:
    methods = [
        {"name": name, "channel": "webhook", "address": "https://push.example.org/ada"}
        for name in ("phone", "tablet")
    ]
    world = World({"ada": User.model_validate({"contact_methods": methods})})
    world.phone.script.append(TargetGone("HTTP 410"))
    await world.pages("page-1")

    assert any(isinstance(fact, ResponderUnreachable) for fact in await world.facts())
