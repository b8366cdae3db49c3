"""The health check of the images: 0 only when the service itself says that it is alive."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dev.ports import free_ports
from tocsin.probe import main


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_it_asks_where_the_service_listens(host: str) -> None:
    with answering(200) as port:
        assert main(["INTAKE_HTTP"], {"INTAKE_HTTP": f"{host}:{port}"}) == 0


def test_a_service_that_stalls_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(503) as port:
        assert main(["INTAKE_HTTP"], {"INTAKE_HTTP": f"127.0.0.1:{port}"}) == 1
    assert capsys.readouterr().out == "{}\n"


def test_a_service_that_is_gone_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    (port,) = free_ports(1)
    assert main(["INTAKE_HTTP"], {"INTAKE_HTTP": f"127.0.0.1:{port}"}) == 1
    assert f"127.0.0.1:{port} does not answer" in capsys.readouterr().err


@pytest.mark.parametrize("environment", [{}, {"INTAKE_HTTP": "8010"}, {"INTAKE_HTTP": "host:"}])
def test_a_missing_address_names_the_fix(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["INTAKE_HTTP"], environment) == 2
    assert "such as INTAKE_HTTP" in capsys.readouterr().err
