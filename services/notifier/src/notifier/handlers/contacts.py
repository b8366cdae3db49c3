"""Whether contact methods reach their people: a code goes out by one, and comes back."""

from dataclasses import dataclass, field
from datetime import datetime

from notifier.domain import reply, verifying
from notifier.domain.contact import ContactMethod, contact_methods
from notifier.domain.verifying import (
    Answer,
    Challenge,
    Confirmed,
    Contact,
    Repeated,
    TooSoon,
    Wrong,
    hash_of,
)
from notifier.domain.verifying_text import render
from notifier.ports import NotifierUnitOfWork
from tocsin import telemetry
from tocsin.catalog import User
from tocsin.catalog.suggestions import nearest
from tocsin.channels import MessageDoc
from tocsin.errors import Refused, Unavailable
from tocsin.findings import Finding
from tocsin.holder import CatalogHolder


@dataclass(frozen=True, slots=True)
class ToSend:
    """A code that is kept, and goes now."""

    challenge_id: str
    contact: ContactMethod
    expires_at: datetime
    doc: MessageDoc = field(repr=False)


@dataclass(frozen=True, slots=True)
class ContactLink:
    """What the page behind a code's link shows."""

    person: str
    method: str
    is_confirmed: bool


class ContactHandlers:
    """The conversation about contact methods. It changes nothing of how anybody is paged."""

    def __init__(self, catalog: CatalogHolder, *, secret: str, public_url: str = "") -> None:
        """Know people by `catalog`; make codes by `secret`, and links below `public_url`."""
        self._catalog = catalog
        self._secret = secret
        self._public_url = public_url.rstrip("/")

    async def listed(self, uow: NotifierUnitOfWork, person: str | None = None) -> list[Contact]:
        """Return every contact method, or those of one person, by person and name."""
        users = {person: self._user(person)} if person is not None else self._users()
        known = await uow.contacts.verified(users.keys() if person is not None else None)
        return [
            verifying.known_of(name, one, known.get((name, one.name)))
            for name, user in sorted(users.items())
            for one in sorted(contact_methods(user), key=lambda method: method.name)
        ]

    async def ask(
        self,
        uow: NotifierUnitOfWork,
        person: str,
        method: str,
        *,
        by: str,
        challenge_id: str,
        now: datetime,
    ) -> ToSend | Repeated | TooSoon:
        """Make a code for a contact method; it is sent after this is committed.

        A code that nobody was sent does no harm: they ask again.
        """
        contact = self._contact(person, method)
        challenge = await self._challenge(uow, contact, now)
        found = challenge.ask(person, method, challenge_id, self._secret, now)
        if isinstance(found, Repeated | TooSoon):
            return found
        await uow.contacts.keep(found.challenge)
        doc = render(found, contact, by, self._public_url)
        return ToSend(challenge_id, contact, found.challenge.expires_at, doc)

    async def confirm(
        self, uow: NotifierUnitOfWork, person: str, method: str, shown: str, now: datetime
    ) -> Answer:
        """Judge a code. A wrong one is counted, so this must be committed whatever it returns."""
        contact = self._contact(person, method)
        challenge = await self._challenge(uow, contact, now)
        answer = challenge.answer(person, method, shown, self._secret, now)
        if isinstance(answer, Wrong):
            await uow.contacts.keep(answer.challenge)
        elif isinstance(answer, Confirmed):
            await self._take(uow, answer)
        return answer

    async def look(self, uow: NotifierUnitOfWork, token: str, now: datetime) -> ContactLink | None:
        """Return what a link shows; None when it is nobody's, or too old."""
        challenge = await self._of_link(uow, token, now)
        return _link(challenge) if challenge else None

    async def press(self, uow: NotifierUnitOfWork, token: str, now: datetime) -> ContactLink | None:
        """Confirm by a link; pressed again, it only shows that."""
        found = await self._of_link(uow, token, now)
        if found is None:
            return None
        locked = await uow.contacts.challenge(found.channel, found.address_hash, now)
        if locked.token_hash != found.token_hash:
            return None  # Another code was asked for just now.
        answer = locked.press(now)
        await self._take(uow, answer)
        return _link(answer.challenge)

    async def on_look(self, uow: NotifierUnitOfWork, now: datetime) -> tuple[Finding, ...]:
        """Show how many are not verified. It is no finding: they are paged all the same."""
        del now
        if self._catalog.loaded:
            found = await self.listed(uow)
            telemetry.CONTACTS_UNVERIFIED.set(sum(one.standing != "verified" for one in found))
        return ()

    async def _take(self, uow: NotifierUnitOfWork, answer: Confirmed) -> None:
        await uow.contacts.keep(answer.challenge)
        await uow.contacts.save(answer.proof)

    async def _of_link(
        self, uow: NotifierUnitOfWork, token: str, now: datetime
    ) -> Challenge | None:
        """Return what a link is of, while its contact method still has that address."""
        if not reply.is_token(token):
            return None
        found = await uow.contacts.by_token(reply.token_hash(token))
        if found is None or not found.is_for(found.person, found.method, now):
            return None
        user = self._catalog.current.user(found.person)
        place = (found.method, found.channel, found.address_hash)
        methods = contact_methods(user) if user else ()
        return (
            found if place in {(one.name, one.channel, hash_of(one)) for one in methods} else None
        )

    async def _challenge(
        self, uow: NotifierUnitOfWork, contact: ContactMethod, now: datetime
    ) -> Challenge:
        return await uow.contacts.challenge(contact.channel, hash_of(contact), now)

    def _contact(self, person: str, method: str) -> ContactMethod:
        methods = {one.name: one for one in contact_methods(self._user(person))}
        if method in methods:
            return methods[method]
        hint = _hint(method, set(methods))
        raise Refused(f"method: {person} has no contact method {method!r}{hint}")

    def _user(self, person: str) -> User:
        users = self._users()
        if person not in users:
            hint = _hint(person, set(users))
            raise Refused(f"user: the catalog has no User {person!r}{hint}")
        return users[person]

    def _users(self) -> dict[str, User]:
        if not self._catalog.loaded:
            raise Unavailable("The catalog is not here yet.")
        specs = self._catalog.current.specs
        return {name: user for (_, name), user in specs.items() if isinstance(user, User)}


def _hint(name: str, known: set[str]) -> str:
    near = nearest(name, known)
    return f'; did you mean "{near}"?' if near else "."


def _link(challenge: Challenge) -> ContactLink:
    return ContactLink(
        challenge.person, challenge.method, is_confirmed=challenge.confirmed_at is not None
    )
