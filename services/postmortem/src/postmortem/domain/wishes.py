"""What people ask of an incident, as the end of a plain sentence."""

from tocsin import events as e
from tocsin.catalog.naming import in_words


def because(reason: str) -> str:
    """Return a person's reason, where they gave one, as the end of a sentence."""
    return f": {reason}" if reason else ""


def wish(event: e.Command) -> str:
    """Return what somebody asks for."""
    match event:
        case e.EscalateIncident(to=to, reason=reason):
            whom = f"{in_words(to)} as well" if to else "the next level"
            found = f"page {whom}{because(reason)}"
        case e.ReassignIncident(to=to, reason=reason):
            found = f"reassign to {in_words(to)}{because(reason)}"
        case e.AddNote(text=text):
            found = f"note: {text}"
        case e.OpenIncident(title=title, service=service, severity=severity):
            found = f"open {title} ({service}, {severity})"
        case _:
            found = event.TYPE.removeprefix("tocsin.").partition("-")[0]
    return found
