"""A webhook that counts the pages it gets, for as long as a test's system runs."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hook:
    """Listens on loopback from a thread of its own; `pages` counts by title."""

    def __init__(self) -> None:
        self.pages: Counter[str] = Counter()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                hook.count(json.loads(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name.
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def count(self, page: dict[str, object]) -> None:
        """Count a page; a summary counts for each incident it names."""
        if page["type"] == "page":
            self.pages[str(page["title"])] += 1

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
