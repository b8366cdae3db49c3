"""A page as a mail: it threads, it does not loop; text and HTML, each escaped for its sink."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from jinja2 import Environment, PackageLoader, StrictUndefined

from notifier.domain.visible import shortened, visible
from tocsin.channels import Delivery, MessageDoc

MAX_SUBJECT = 200
_TEMPLATES = Environment(
    loader=PackageLoader("notifier", "adapters/channels/templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["visible"] = visible
_TEMPLATES.filters["visible_lines"] = lambda text: visible(text, lines=True)


def address_of(text: str) -> Address:
    """Return a mail address, or ValueError: one address, no line break, nothing clever."""
    name, spec = parseaddr(text)
    if "@" not in spec or not spec.isascii() or not text.isprintable() or "," in text:
        raise ValueError("is not a mail address")
    try:
        return Address(name, addr_spec=spec)
    except MessageError as error:
        raise ValueError("is not a mail address") from error


def letter(delivery: Delivery, doc: MessageDoc, sender: Address) -> EmailMessage:
    """Return the mail. Its Message-ID is the same on every attempt; mails of an incident thread."""
    message = EmailMessage(policy=SMTP)
    root = f"<{doc.incident_id}@{sender.domain}>"
    message["From"] = sender
    message["To"] = address_of(delivery.address)
    message["Subject"] = subject(doc)
    message["Date"] = format_datetime(delivery.at)
    message["Message-ID"] = message_id(delivery, sender)
    if doc.incident_id and not doc.incidents:  # A summary is in no incident's thread.
        message["In-Reply-To"] = root
        message["References"] = root
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if doc.severity in {"critical", "error"}:
        message["Importance"] = "high"
    message.set_content(text(doc))
    message.add_alternative(_TEMPLATES.get_template("mail.html").render(doc=doc), subtype="html")
    return message


def message_id(delivery: Delivery, sender: Address) -> str:
    """Return the identity that a mail keeps over all attempts."""
    return f"<{delivery.delivery_id}@{sender.domain}>"


def subject(doc: MessageDoc) -> str:
    """Return the subject: one line, nothing invisible in it."""
    repeat = "(repeat possible) " if doc.repeat_possible else ""
    title = visible(doc.title)
    if doc.incidents or not doc.incident_id:
        return shortened(f"{repeat}{title}", MAX_SUBJECT)
    return shortened(f"{repeat}#{doc.number} {doc.severity.upper()}: {title}", MAX_SUBJECT)


def text(doc: MessageDoc) -> str:
    """Return the plain text, with the link that acknowledges at the top: phones show little."""
    lines = [f"{button.label}: {button.url}\n" for button in doc.buttons if not doc.incidents]
    lines.append(doc.text)
    lines += [
        f"\n{visible(alert.description, lines=True)}"
        for alert in doc.alerts[:1]
        if alert.description
    ]
    lines += [f"{visible(link.text) or 'Link'}: {visible(link.href)}" for link in doc.links]
    return "\n".join(lines) + "\n"
