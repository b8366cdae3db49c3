"""Images for the tests that need an engine; all of them are skipped, with the reason, without."""

from pathlib import Path

import pytest

from tests.containers import engine, images


@pytest.fixture(scope="session")
def with_engine() -> None:
    """Skip, saying what is missing."""
    if reason := engine.lacking():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def own_images(with_engine: None) -> images.Images:
    """Build the images of the services and of the CLI."""
    return images.own()


@pytest.fixture(scope="session")
def all_images(
    own_images: images.Images, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Name every image that `docker-compose.yml` runs, by its variable."""
    scratch: Path = tmp_path_factory.mktemp("standins")
    return {**own_images.variables, **images.servers(scratch)}
