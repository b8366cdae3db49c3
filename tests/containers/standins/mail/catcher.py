"""Takes mail on 1025 and shows it on 8025, by the two addresses of Mailpit's API that tests ask."""

import asyncio
import email
import email.policy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

MAILS: list[dict[str, Any]] = []


class Catcher:
    """The SMTP handler."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        del server, session
        raw = envelope.content
        assert isinstance(raw, bytes)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        text = message.get_body(("plain",))
        mail = {
            "ID": str(len(MAILS) + 1),
            "Subject": str(message["subject"]),
            "To": [{"Address": address} for address in envelope.rcpt_tos],
            "Text": text.get_content() if text else "",
        }
        MAILS.append(mail)
        return "250 Message accepted for delivery"


class Api(BaseHTTPRequestHandler):
    """The HTTP handler."""

    def do_GET(self) -> None:
        place, _, identity = self.path.partition("?")[0].rpartition("/")
        found: object = None
        if self.path == "/readyz":
            found = {}
        elif place == "/api/v1/message":
            found = next((mail for mail in MAILS if mail["ID"] == identity), None)
        elif (place, identity) == ("/api/v1", "messages"):
            found = {"total": len(MAILS), "messages": MAILS[::-1]}
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *_words: object) -> None:
        pass


async def main() -> None:
    """Serve until the container is stopped."""
    http = ThreadingHTTPServer(("", 8025), Api)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Catcher(), enable_SMTPUTF8=True), "", 1025)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
