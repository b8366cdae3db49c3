"""Silences: added and expired by people; what they held back is judged anew when they end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from incident_intake.domain.suppression import Silence
from incident_intake.handlers.desk import SILENCE, SOURCE
from incident_intake.ports import IntakeUnitOfWork
from tocsin import ids
from tocsin.errors import Refused
from tocsin.events import (
    Actor,
    CreateSilence,
    Envelope,
    Event,
    ExpireSilence,
    SilenceChanged,
    SilenceRefused,
    caused_by,
)
from tocsin.unit_of_work import Timer

DECIDED = (CreateSilence, ExpireSilence)
TOCSIN = Actor(kind="tocsin", name="tocsin")
END = {"tell": "end"}  # The timer of an end only tells it: each alert behind has one of its own.


@dataclass(frozen=True, slots=True)
class Who:
    """Who changes a silence, by which way, and because of which event."""

    by: Actor
    via: str = ""
    cause: Envelope[Event] | None = None


@dataclass
class Book:
    """The silences that one transaction works on: loaded once, written once."""

    uow: IntakeUnitOfWork
    now: datetime
    known: dict[str, Silence]
    has_ended: bool = False
    _changed: dict[str, Timer] = field(default_factory=dict)
    _facts: list[Envelope[Event]] = field(default_factory=list)

    @classmethod
    async def open(cls, uow: IntakeUnitOfWork, silence_ids: Iterable[str], now: datetime) -> "Book":
        """Load and lock these."""
        return cls(uow, now, await uow.silences.load(dict.fromkeys(silence_ids)))

    def add(self, silence: Silence, who: Who) -> Silence:
        """Keep a silence; one with this id that exists stays as it is."""
        if silence.silence_id not in self.known:
            self._take(silence, _end_of(silence), _created(silence, who, self.now))
        return self.known[silence.silence_id]

    def end(self, silence_id: str, who: Who) -> Silence | None:
        """End a silence now; what fires behind it is judged by a timer that is due at once."""
        found = self.known.get(silence_id)
        if found is None or found.ends_at <= self.now:
            return found
        ended = found.expired(self.now)
        timer = Timer(_timer_id(silence_id), SILENCE, silence_id, self.now)
        self._take(ended, timer, _expired(ended, who, self.now))
        self.has_ended = True
        return ended

    def obey(self, command: Event, who: Who) -> None:
        """Do what a command says; Refused where it cannot be done."""
        if isinstance(command, CreateSilence) and command.silence_id not in self.known:
            self.add(wanted(command, self.now), who)
        elif isinstance(command, ExpireSilence) and self.end(command.silence_id, who) is None:
            raise Refused(f"No silence has the id {command.silence_id}.")

    def refuse(self, command: CreateSilence | ExpireSilence, reason: str, who: Who) -> None:
        """Tell why a command was not followed."""
        self._facts.append(_refused(command, reason, who, self.now))

    async def save(self) -> None:
        """Write what changed."""
        await self.uow.silences.save([self.known[identity] for identity in self._changed])
        await self.uow.set_timers(list(self._changed.values()))
        await self.uow.publish(self._facts)

    async def await_the_silenced(self) -> None:
        """Wait for those that still saw a silence, so that the timer finds all of their alerts.

        Whoever suppresses an alert holds the counter: it is taken last.
        """
        if self.has_ended:
            await self.uow.incidents.last_number()

    def _take(self, silence: Silence, timer: Timer, fact: Envelope[Event]) -> None:
        self.known[silence.silence_id] = silence
        self._changed[silence.silence_id] = timer
        self._facts.append(fact)


async def add(uow: IntakeUnitOfWork, silence: Silence, who: Who, now: datetime) -> Silence:
    """Keep a silence; one with this id that exists stays as it is."""
    book = await Book.open(uow, [silence.silence_id], now)
    kept = book.add(silence, who)
    await book.save()
    return kept


async def expire(uow: IntakeUnitOfWork, silence_id: str, who: Who, now: datetime) -> Silence | None:
    """End a silence now."""
    book = await Book.open(uow, [silence_id], now)
    ended = book.end(silence_id, who)
    await book.save()
    await book.await_the_silenced()
    return ended


async def decide_all(
    uow: IntakeUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
) -> Book | None:
    """Decide the commands about silences, in order; the book is to `await_the_silenced` last."""
    commands = [(each, each.data) for each in envelopes if isinstance(each.data, DECIDED)]
    if not commands:
        return None
    book = await Book.open(uow, [command.silence_id for _, command in commands], now)
    for envelope, command in commands:
        who = Who(command.by, command.via, envelope)
        try:
            book.obey(command, who)
        except Refused as refusal:
            book.refuse(command, str(refusal), who)
    await book.save()
    return book


def wanted(command: CreateSilence, now: datetime) -> Silence:
    """Return the silence that a command asks for; Refused where it cannot be kept."""
    return Silence.wanted(
        silence_id=command.silence_id,
        matchers=command.matchers,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        created_by=command.by.name,
        comment=command.comment,
        now=now,
    )


async def tell_ends(uow: IntakeUnitOfWork, silence_ids: Iterable[str], now: datetime) -> None:
    """Tell that these silences are over, those that are."""
    found = await uow.silences.named(silence_ids)
    over = [each for each in found.values() if each.ends_at <= now]
    await uow.publish([_expired(each, Who(TOCSIN), now) for each in over])


async def tell_again(uow: IntakeUnitOfWork, now: datetime) -> None:
    """Tell of every silence that is not over, for those who have not heard of it."""
    standing = await uow.silences.standing(now)
    await uow.set_timers([_end_of(each) for each in standing])
    await uow.publish([_stands(each, now) for each in standing])


async def recall(uow: IntakeUnitOfWork, facts: Iterable[SilenceChanged]) -> None:
    """Take over what was told of silences, in order."""
    latest = {fact.silence_id: fact for fact in facts}
    if latest:
        silences = [_told(fact) for fact in latest.values()]
        await uow.silences.save(silences)
        await uow.set_timers([_end_of(each) for each in silences])


def _timer_id(silence_id: str) -> str:
    return f"{SILENCE}:{silence_id}"


def _end_of(silence: Silence) -> Timer:
    return Timer(_timer_id(silence.silence_id), SILENCE, silence.silence_id, silence.ends_at, END)


def _created(silence: Silence, who: Who, now: datetime) -> Envelope[Event]:
    fact = _fact(silence, "created", who)
    return _envelope(fact, who, now, ids.derived("silence-created", silence.silence_id))


def _expired(silence: Silence, who: Who, now: datetime) -> Envelope[Event]:
    # Whoever ended it, the end is told once: the timer that follows makes the same event.
    fact = _fact(silence, "expired", who)
    return _envelope(fact, who, now, ids.derived("silence-expired", silence.silence_id))


def _stands(silence: Silence, now: datetime) -> Envelope[Event]:
    fact = _fact(silence, "created", Who(TOCSIN)).model_copy(update={"again": True})
    identity = ids.derived("silence-stands", silence.silence_id, silence.ends_at.isoformat())
    return _envelope(fact, Who(TOCSIN), now, identity)


def _fact(silence: Silence, change: Literal["created", "expired"], who: Who) -> SilenceChanged:
    return SilenceChanged(
        silence_id=silence.silence_id,
        change=change,
        matchers=silence.matchers,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        created_by=silence.created_by,
        created_at=silence.created_at,
        comment=silence.comment,
        by=who.by,
        via=who.via,
    )


def _told(fact: SilenceChanged) -> Silence:
    return Silence(
        silence_id=fact.silence_id,
        matchers=fact.matchers,
        starts_at=fact.starts_at,
        ends_at=fact.ends_at,
        created_by=fact.created_by,
        created_at=fact.created_at,
        comment=fact.comment,
    )


def _refused(
    command: CreateSilence | ExpireSilence, reason: str, who: Who, now: datetime
) -> Envelope[Event]:
    fact = SilenceRefused(
        silence_id=command.silence_id,
        command=command.TYPE,
        by=command.by,
        reason=reason,
        via=command.via,
    )
    cause = who.cause.event_id if who.cause else ids.new()
    return _envelope(fact, who, now, ids.derived("refused", cause))


def _envelope(fact: Event, who: Who, now: datetime, identity: str) -> Envelope[Event]:
    return caused_by(who.cause, fact, now=now, source=SOURCE, event_id=identity)
