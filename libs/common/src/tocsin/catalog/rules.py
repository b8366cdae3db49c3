"""What one document cannot tell alone: references, unique names and keys, reachable people."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tocsin.catalog.documents import EscalationPolicy, User, settings_in_force
from tocsin.catalog.handoff_notices import QUIET
from tocsin.catalog.integrations import ALERTMANAGER, SOURCES, Integration
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.policies import silent_channels, surprises
from tocsin.catalog.references import references
from tocsin.catalog.schedules import Layer, Schedule
from tocsin.catalog.snapshot import Catalog, Key
from tocsin.catalog.spec import Spec
from tocsin.catalog.suggestions import NearestNames, nearest
from tocsin.wall_clock import instant_of, on_wall

CHANNELS = ("email", "slack", "webhook")
URGENCIES = ("high", "low")
# What these name may go: they are often over, and without them the layers still answer.
MAY_DANGLE = frozenset({"Override", "Absence"})


@dataclass(frozen=True, slots=True)
class Placed:
    """A document, and its place among those given."""

    position: int
    kind: str
    name: str
    written: Mapping[str, Any]  # The spec, as JSON.
    spec: Spec | None  # None: it has mistakes of its own.

    def error(self, path: str, message: str, suggestion: str = "") -> Mistake:
        """Return a mistake in this document."""
        return Mistake(self.kind, self.name, path, message, suggestion, position=self.position)

    def warning(self, path: str, message: str, suggestion: str = "") -> Mistake:
        """Return a warning about this document."""
        return replace(self.error(path, message, suggestion), level="warning")


def broken_rules(
    documents: Sequence[Placed], names: Collection[Key], known: Catalog, *, whole: bool
) -> Iterator[Mistake]:
    """Yield what is wrong between documents, and what will surprise somebody.

    Without the `whole`, nothing that a document which could not be read may explain.
    """
    near = NearestNames(names)
    for document in documents:
        if whole:
            yield from _missing_references(document, names, near)
        yield from _within(document)
    if whole:
        yield from _left_dangling(documents, names, known)
    yield from _shared_keys(documents, known)
    yield from _strange_channels(documents)
    yield from _settings_not_in_force(documents, known)
    for one in _odd_policies(documents, known):
        if whole or one.is_error:
            yield one


def _missing_references(
    document: Placed, names: Collection[Key], near: NearestNames
) -> Iterator[Mistake]:
    for reference in references(document.kind, document.written):
        if (reference.kind, reference.name) not in names:
            message = f"there is no {reference.kind} {reference.name!r}"
            hint = near.to(reference.kind, reference.name)
            yield document.error(reference.path, message, hint)


def _left_dangling(
    documents: Sequence[Placed], names: Collection[Key], known: Catalog
) -> Iterator[Mistake]:
    """Another set's document must not lose what it names."""
    ours = {(document.kind, document.name) for document in documents}
    for (kind, name), spec in known.specs.items():
        if (kind, name) in ours:
            continue
        for reference in references(kind, spec.model_dump(mode="json", by_alias=True)):
            if (reference.kind, reference.name) not in names:
                owner = known.sets.get((kind, name))
                message = (
                    f"names {reference.kind} {reference.name!r}, which would be gone;"
                    f" this document belongs to {f'the set {owner!r}' if owner else 'another set'}"
                )
                yield Mistake(kind, name, reference.path, message, level=_loss(kind))


def _loss(kind: str) -> Literal["error", "warning"]:
    return "warning" if kind in MAY_DANGLE else "error"


def _within(document: Placed) -> Iterator[Mistake]:
    match document.spec:
        case User():
            yield from _person(document, document.spec)
        case Integration():
            yield from _sent(document, document.spec)
            yield from _signed(document, document.spec)
        case Schedule(layers=layers):
            yield from _repeated(document, "spec.layers", [layer.name for layer in layers])


def misplaced_times(documents: Iterable[Placed]) -> Iterator[Mistake]:
    """Yield what of these schedules would never be in force, as its times stand."""
    for document in documents:
        if isinstance(document.spec, Schedule):
            for at, layer in enumerate(document.spec.layers):
                zone = ZoneInfo(layer.time_zone or document.spec.time_zone)
                for path, message in _never(layer, zone):
                    yield document.error(f"spec.layers[{at}].{path}", message)


def _never(layer: Layer, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    if layer.from_ and layer.until and on_wall(layer.until, zone) <= on_wall(layer.from_, zone):
        yield "until", "is not after `from`: the layer would never apply"
    for at, shift in enumerate(layer.shifts):
        if instant_of(shift.until, zone, ends=True) <= instant_of(shift.from_, zone):
            yield f"shifts[{at}].until", "is not after `from`"
    for at, restriction in enumerate(layer.restrictions):
        if not restriction.weekdays:
            yield f"restrictions[{at}].weekdays", "is empty; leave it out for every day"
    times = [on_wall(change.from_, zone) for change in layer.changes]
    for at, (one, other) in enumerate(pairwise(times), start=1):
        if other <= one:
            yield f"changes[{at}].from", "is not after that of the change before it"


def _person(document: Placed, user: User) -> Iterator[Mistake]:
    methods = [method.name for method in user.contact_methods]
    yield from _repeated(document, "spec.contact_methods", methods)
    for at, rule in enumerate(user.notification_rules):
        if rule.contact_method not in methods:
            path = f"spec.notification_rules[{at}].contact_method"
            near = nearest(rule.contact_method, methods)
            yield document.error(path, f"there is no contact method {rule.contact_method!r}", near)
    yield from _notices(document, user, methods)
    if not methods:
        yield document.warning("spec.contact_methods", "no contact method: cannot be paged at all")
        return
    for urgency in URGENCIES:
        if not any(rule.urgency == urgency for rule in user.notification_rules):
            yield document.warning(
                "spec.notification_rules", f"no notification rule for {urgency} urgency"
            )


def _notices(document: Placed, user: User, methods: Sequence[str]) -> Iterator[Mistake]:
    wanted = user.handoff_notices
    if wanted is None or user.notice_method() is not None:
        return
    path = "spec.handoff_notices.contact_method"
    if wanted.contact_method:
        near = nearest(wanted.contact_method, methods)
        yield document.error(path, f"there is no contact method {wanted.contact_method!r}", near)
    elif wanted.on_call or wanted.off_call:
        message = f"is missing: without it one of {' or '.join(QUIET)} is taken, and there is none"
        yield document.error(path, message)


def _sent(document: Placed, integration: Integration) -> Iterator[Mistake]:
    if integration.source not in SOURCES:
        near = nearest(integration.source, SOURCES)
        message = f"no source is called {integration.source!r}; there are {', '.join(SOURCES)}"
        yield document.warning("spec.source", message, near)


def _signed(document: Placed, integration: Integration) -> Iterator[Mistake]:
    if integration.secret_env is None:
        return
    if integration.unsigned_because:
        yield document.error("spec.secret_env", integration.unsigned_because)
    elif integration.source == ALERTMANAGER:
        yield document.warning(
            "spec.secret_env",
            "only Grafana's webhook signs: Alertmanager itself cannot, and would be refused",
        )


def _repeated(document: Placed, path: str, names: Sequence[str]) -> Iterator[Mistake]:
    for at, name in enumerate(names):
        if name in names[:at]:
            yield document.error(f"{path}[{at}].name", f"{name!r} is there twice")


def _shared_keys(documents: Sequence[Placed], known: Catalog) -> Iterator[Mistake]:
    owners = {digest: name for digest, (name, _) in known.integrations_by_key.items()}
    ours = {document.name for document in documents if document.kind == "Integration"}
    owners = {digest: name for digest, name in owners.items() if name not in ours}
    for document in documents:
        if isinstance(document.spec, Integration):
            owner = owners.setdefault(document.spec.key_sha256, document.name)
            if owner != document.name:
                message = f"integration {owner} has the same key; each needs one of its own"
                yield document.error("spec.key_sha256", message)


def _settings_not_in_force(documents: Sequence[Placed], known: Catalog) -> Iterator[Mistake]:
    """Yield each document of settings that counts for nothing."""
    first = settings_in_force({(one.kind, one.name) for one in documents} | set(known.specs))
    for document in documents:
        if document.kind == "Settings" and document.name != first:
            owner = known.sets.get(("Settings", first))
            of_set = f" of the set {owner!r}" if owner else ""
            message = f"is not in force, but Settings {first}{of_set}: the first by name counts"
            yield document.warning("name", message)


def _strange_channels(documents: Sequence[Placed]) -> Iterator[Mistake]:
    """Yield the first use of each channel that is not ours: only notifier knows what is set up."""
    told = set(CHANNELS)
    for document in documents:
        methods = document.spec.contact_methods if isinstance(document.spec, User) else ()
        for at, channel in enumerate(method.channel for method in methods):
            if channel not in told:
                told.add(channel)
                message = (
                    f"{channel!r} is none of Tocsin's own channels ({', '.join(CHANNELS)}):"
                    " nobody is reached by it, unless a package of yours brings it"
                )
                path = f"spec.contact_methods[{at}].channel"
                yield document.warning(path, message, nearest(channel, CHANNELS))


def _odd_policies(documents: Sequence[Placed], known: Catalog) -> Iterator[Mistake]:
    ours = {(one.kind, one.name): one.spec for one in documents if one.spec is not None}
    specs = {**known.specs, **ours}
    for document in documents:
        if isinstance(document.spec, EscalationPolicy):
            for one in silent_channels(document.spec, specs):
                yield document.error(one.path, one.message, one.suggestion)
            for one in surprises(document.name, document.spec, specs):
                yield document.warning(one.path, one.message)
