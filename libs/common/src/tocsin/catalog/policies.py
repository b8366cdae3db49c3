"""What an escalation policy will surprise somebody with at night: warnings, never errors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tocsin import matching
from tocsin.catalog.documents import (
    EscalationPolicy,
    Level,
    Service,
    Settings,
    Target,
    Team,
    User,
    settings_in_force,
)
from tocsin.catalog.snapshot import Key
from tocsin.catalog.spec import Spec
from tocsin.catalog.suggestions import nearest

Specs = Mapping[Key, Spec]


@dataclass(frozen=True, slots=True)
class Surprise:
    """What is odd about a policy, at which place of its document, and the nearest right word."""

    path: str
    message: str
    suggestion: str = ""


def surprises(name: str, policy: EscalationPolicy, specs: Specs) -> Iterator[Surprise]:
    """Yield what is odd about a policy among these documents; those that are missing are not."""
    yield from _levels(policy, specs)
    yield from _nobody_named(policy)
    yield from _quieter_levels(policy, specs)
    yield from _conditions(name, policy, specs)
    yield from _ending(policy, specs)


def _levels(policy: EscalationPolicy, specs: Specs) -> Iterator[Surprise]:
    for at, level in enumerate(policy.levels):
        path = f"spec.levels[{at}]"
        people = [target for target in level.targets if target.is_somebody]
        if not level.targets:
            yield Surprise(path, "the level is empty: it is skipped at once")
        elif not people:
            told = ", ".join(map(str, level.targets))
            message = f"wakes nobody, only tells {told}: the next level follows at once"
            yield Surprise(path, message)
        elif reasons := reaches_nobody(people, specs):
            yield Surprise(path, f"nobody of this level can be paged: {reasons}")
        elif level.round_robin and len(_told(level, specs)) == 1:
            yield Surprise(path, "round robin of one: nobody takes turns")


def _nobody_named(policy: EscalationPolicy) -> Iterator[Surprise]:
    targets = [target for level in policy.levels for target in level.targets]
    if targets and not any(target.is_somebody for target in targets):
        message = "no level names anybody to wake: only the last resort is paged, and at once"
        yield Surprise("spec.levels", message)


def silent_channels(policy: EscalationPolicy, specs: Specs) -> Iterator[Surprise]:
    """Yield each channel that this policy tells and that is a team's without a chat: an error."""
    chatting = {name for (_, name), one in specs.items() if isinstance(one, Team) and one.chat}
    for at, level in enumerate(policy.levels):
        for number, target in enumerate(level.targets):
            team = specs.get(("Team", target.channel or ""))
            if target.channel and isinstance(team, Team) and not team.chat:
                message = "team {} has no chat; give it one: `chat: {{slack: C024BE91L}}`"
                yield Surprise(
                    f"spec.levels[{at}].targets[{number}].channel",
                    message.format(target.channel),
                    nearest(target.channel, chatting),
                )


def _quieter_levels(policy: EscalationPolicy, specs: Specs) -> Iterator[Surprise]:
    for at, (lower, higher) in enumerate(pairwise(policy.levels), start=1):
        if lower.when or higher.when:
            continue
        before, after = _told(lower, specs), _told(higher, specs)
        if after and after < before:
            message = f"pages fewer than level {at} before it, and nobody new: it gets quieter"
            yield Surprise(f"spec.levels[{at}]", message)


def _conditions(name: str, policy: EscalationPolicy, specs: Specs) -> Iterator[Surprise]:
    if all(level.when for level in policy.levels):
        message = "each level has a condition: where none holds, only the last resort is paged"
        yield Surprise("spec.levels", message)
    served = [spec for spec in specs.values() if isinstance(spec, Service)]
    served = [spec for spec in served if spec.escalation_policy == name]
    for at, level in enumerate(policy.levels):
        wanted = [matching.parse(text) for text in level.when.labels] if level.when else []
        if served and not any(matching.all_match(wanted, spec.labels) for spec in served):
            message = "no service with this policy has such labels: the level is never paged"
            yield Surprise(f"spec.levels[{at}].when.labels", message)


def _ending(policy: EscalationPolicy, specs: Specs) -> Iterator[Surprise]:
    settings = specs.get(("Settings", settings_in_force(specs)))
    installations = settings.last_resort if isinstance(settings, Settings) else None
    endings = [one for one in (policy.last_resort, installations) if one]
    if not endings:
        message = (
            "no last resort, here or in Settings:"
            " when nobody answers all levels, nobody else is paged"
        )
        yield Surprise("spec.last_resort", message)
    elif all(reaches_nobody((one,), specs) for one in endings):
        reasons = reaches_nobody(endings, specs)
        message = f"it ends in silence: the last resort cannot be paged ({reasons})"
        yield Surprise("spec.last_resort", message)


def _told(level: Level, specs: Specs) -> frozenset[str]:
    """Return whom a level pages; of a schedule nobody knows who that will be."""
    return frozenset(
        person
        for target in level.targets
        if target.is_somebody
        for person in ([f"{target}"] if target.schedule else _people(target, specs))
    )


def _people(target: Target, specs: Specs) -> list[str]:
    team = specs.get(("Team", target.team or ""))
    members = team.members if isinstance(team, Team) else ()
    return [target.user] if target.user else list(members)


def reaches_nobody(targets: tuple[Target, ...] | list[Target], specs: Specs) -> str:
    """Return why none of these can be paged, whoever is on call; nothing where somebody can."""
    reasons: dict[str, None] = {}
    for target in targets:
        if target.schedule:
            return ""
        people = _people(target, specs)
        if not people:
            reasons.setdefault(f"{target} has no members")
        for person in people:
            user = specs.get(("User", person))
            if not isinstance(user, User) or user.contact_methods:
                return ""
            reasons.setdefault(f"user {person} has no contact method")
    return "; ".join(reasons)
