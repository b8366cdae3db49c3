"""The people, services and policies of the simulated world, and who may be paged for what."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.phones import NAME
from tocsin.testing import START

Document = dict[str, Any]
TURN = timedelta(hours=1)
ROTA = ("ada", "bob")
PEOPLE = ("ada", "bob", "cyd", "dan", "eve")
SERVICES = ("shop", "pay", "web")
# By hand, not from the documents below: what a policy means.
MAY_BE_PAGED = {
    "shop": {"ada", "bob", "eve"},
    "pay": {"bob", "cyd", "dan", "eve"},
    "web": {"ada", "bob", "dan"},
}
LEVELS = {
    "shop": ({"ada"}, {"bob"}),
    "pay": ({"bob", "cyd"}, {"dan", "eve"}),
    "web": (set(ROTA),),
}
LAST_RESORT = {"shop": {"eve"}, "pay": {"eve"}, "web": {"dan"}}
# Who is woken for an incident of which only a wish to escalate has been heard so far.
EVERYBODYS_LAST = "eve"
PATIENCE = {
    "shop": timedelta(minutes=2),
    "pay": timedelta(minutes=3),
    "web": timedelta(minutes=1),
}
LOOPS = {"shop": 2, "pay": 1, "web": 1}
ADDRESSES = (*(f"{person}/phone" for person in PEOPLE), "ada/mail", "cyd/mail")


def on_call(at: datetime) -> str:
    """Return who has the turn of `web`."""
    return ROTA[int((at - START) / TURN) % len(ROTA)]


def key_of(service: str) -> str:
    """Return the key that the tools of a service ring with."""
    return f"key-of-{service}"


def documents() -> list[Document]:
    """Return everything that is in force."""
    return [
        *(_person(name) for name in PEOPLE),
        _document("Team", "ops", members=["dan", "eve"]),
        _document("Settings", "settings", last_resort={"user": "eve"}),
        _rota(),
        *_service("shop", [("user", "ada"), ("user", "bob")], "2m", 1),
        _policy("pay", [[("user", "bob"), ("user", "cyd")], [("team", "ops")]], "3m", 0),
        _document(
            "Service",
            "pay",
            escalation_policy="pay",
            grouping={"by": ["host"], "window": "1h"},
            acknowledgement_timeout="10m",
        ),
        _integration("pay"),
        *_service("web", [("schedule", "rota")], "1m", 0, last_resort={"user": "dan"}),
    ]


def _document(kind: str, name: str, **spec: Any) -> Document:
    return {"kind": kind, "name": name, "spec": spec}


def _person(name: str) -> Document:
    methods = ["phone"] + (["mail"] if f"{name}/mail" in ADDRESSES else [])
    rules = [("high", "phone", "0s"), ("low", "phone", "0s")]
    rules += [("high", "mail", "1m")] if name == "ada" else []
    rules += [("high", "mail", "20s")] if name == "cyd" else []
    return _document(
        "User",
        name,
        contact_methods=[
            {"name": one, "channel": NAME, "address": f"{name}/{one}"} for one in methods
        ],
        notification_rules=[
            {"urgency": urgency, "contact_method": method, "after": after}
            for urgency, method, after in rules
        ],
    )


def _rota() -> Document:
    rotation = {
        "type": "hourly",
        "length": 1,
        "start": START.isoformat(),
        "participants": list(ROTA),
    }
    layers = [{"name": "layer", "rotation": rotation}]
    return _document("Schedule", "rota", time_zone="UTC", layers=layers)


def _service(
    name: str,
    levels: list[tuple[str, str]],
    within: str,
    repeat: int,
    last_resort: dict[str, str] | None = None,
) -> list[Document]:
    policy = _policy(name, [[level] for level in levels], within, repeat)
    if last_resort:
        policy["spec"]["last_resort"] = last_resort
    return [policy, _document("Service", name, escalation_policy=name), _integration(name)]


def _policy(name: str, levels: list[list[tuple[str, str]]], within: str, repeat: int) -> Document:
    return _document(
        "EscalationPolicy",
        name,
        levels=[
            {"targets": [{kind: who} for kind, who in level], "escalate_after": within}
            for level in levels
        ],
        repeat=repeat,
    )


def _integration(name: str) -> Document:
    digest = hashlib.sha256(key_of(name).encode()).hexdigest()
    return _document(
        "Integration", f"{name}-generic", source="generic", service=name, key_sha256=digest
    )
