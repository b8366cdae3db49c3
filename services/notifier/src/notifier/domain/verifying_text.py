"""The message that carries a code: for whom it is, who asked, and what to do with it."""

from notifier.domain.contact import ContactMethod
from notifier.domain.verifying import Asked
from notifier.domain.visible import visible
from tocsin.channels import Fact, MessageDoc
from tocsin.events import Link

IGNORE = "do nothing, and you are paged as before"


def render(asked: Asked, contact: ContactMethod, by: str, public_url: str) -> MessageDoc:
    """Return the message; where there is no public URL it has no link."""
    challenge = asked.challenge
    person = challenge.person
    title = f"Does this reach {person}?"
    command = f"tocsin contacts confirm {person} {contact.name} {asked.code}"
    facts = (
        Fact("Code", asked.code),
        Fact("Works until", f"{challenge.expires_at:%Y-%m-%d %H:%M UTC}"),
        Fact("Confirm with", command),
        Fact("Asked for by", by),
        Fact("If you did not expect this", IGNORE),
    )
    lines = [title, *(f"{fact.name}: {visible(fact.value)}" for fact in facts)]
    link = Link(href=f"{public_url}/a/contact/{asked.token}", text="Confirm")
    return MessageDoc(
        purpose="verification",
        title=title,
        text="\n".join(lines),
        incident_id="",
        number=0,
        status="",
        severity="info",
        urgency="low",
        service="",
        responder=person,
        facts=facts,
        links=(link,) if public_url else (),
    )
