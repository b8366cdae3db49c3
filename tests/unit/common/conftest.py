"""Logs are kept quiet here: the coloured tracebacks of a provoked bug take seconds to draw."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield
