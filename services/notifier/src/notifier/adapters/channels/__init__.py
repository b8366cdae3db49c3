"""Channels by name, from the entry points of the group `tocsin.channels`: ours and others'."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from notifier.domain.retrying import LEASE
from tocsin.channels import (
    API,
    GROUP,
    Cap,
    Channel,
    Checks,
    Context,
    HearsCallbacks,
    Listens,
    Reconciles,
    Updates,
)
from tocsin.errors import MisconfiguredError

Options = Mapping[str, Mapping[str, str]]
_NEEDS: dict[Cap, type] = {
    Cap.UPDATE: Updates,
    Cap.IN_PLACE: Updates,
    Cap.RECONCILE: Reconciles,
    Cap.CALLBACKS: HearsCallbacks,
    Cap.LISTEN: Listens,
    Cap.CHECK: Checks,
}


def load(names: Iterable[str], options: Options, context: Context) -> dict[str, Channel]:
    """Return the channels that are allowed by `names`, made with their options.

    Raises MisconfiguredError with everything that is wrong: what is not on the list is not even
    imported, what is on it must be there, speak our API and have what it says it can.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    channels: dict[str, Channel] = {}
    mistakes = []
    for name in names:
        try:
            channels[name] = _made(name, found.get(name), options.get(name, {}), context)
        except MisconfiguredError as error:
            mistakes += error.mistakes
    if mistakes:
        raise MisconfiguredError(mistakes)
    return channels


def _made(
    name: str, point: EntryPoint | None, options: Mapping[str, str], context: Context
) -> Channel:
    if point is None:
        raise MisconfiguredError(
            [f"NOTIFIER_CHANNELS: no package installed here offers a channel {name!r}"]
        )
    try:
        channel = point.load()(options, context)
    except (ImportError, AttributeError, TypeError, ValueError, KeyError) as error:
        raise MisconfiguredError(
            [f"NOTIFIER_CHANNELS: {name!r} cannot be made: {type(error).__name__}: {error}"]
        ) from error
    mistakes = [f"NOTIFIER_CHANNELS: {name!r} {text}" for text in faults(name, channel)]
    if mistakes:
        raise MisconfiguredError(mistakes)
    assert isinstance(channel, Channel)
    return channel


def faults(name: str, channel: object) -> list[str]:
    """Return what keeps this object from being a channel of this name."""
    if not isinstance(channel, Channel):
        return ["has no `info` or no `send`"]
    info = channel.info
    found = []
    if info.api != API:
        found.append(f"speaks API {info.api}; this is {API}")
    if info.name != name:
        found.append(f"calls itself {info.name!r}")
    if info.deadline * 2 > LEASE:
        found.append(f"may take {info.deadline}; at most half of {LEASE} is allowed")
    found += [
        f"says {cap.name} but has not its methods"
        for cap, protocol in _NEEDS.items()
        if cap in info.caps and not isinstance(channel, protocol)
    ]
    return found
