"""The scenarios' world, in memory or on the real system; each must end in silence."""

from collections.abc import AsyncIterator, Generator, Iterator
from zlib import crc32

import pytest

from tests.acceptance.dsl import World
from tests.acceptance.dsl.drivers import Driver
from tests.acceptance.dsl.drivers.in_process import InProcess
from tests.acceptance.dsl.drivers.system import RunningSystem, SystemDriver, running_system

PASSED = pytest.StashKey[bool]()
DRIVERS = ("in_process", "system")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "driver" in metafunc.fixturenames:
        is_core = metafunc.definition.get_closest_marker("system") is not None
        metafunc.parametrize("driver", DRIVERS if is_core else DRIVERS[:1], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what the wanted driver runs; let `-m "not system"` leave out only the real system."""
    wanted = config.getoption("driver", None)
    others = [one for one in items if wanted and _driver_of(one) not in {None, wanted}]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [one for one in items if one not in others]
    for item in items:
        if _driver_of(item) == "in_process":
            item.own_markers[:] = [one for one in item.own_markers if one.name != "system"]


def _driver_of(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("driver") if callspec else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """Run the real system, for all scenarios of the session."""
    with running_system(tmp_path_factory.mktemp("system")) as running:
        yield running


@pytest.fixture
async def driver(request: pytest.FixtureRequest) -> Driver:
    name: str = request.node.nodeid
    if request.param == "system":
        return SystemDriver(request.getfixturevalue("system"), name)
    seed = request.config.getoption("seed", None)
    return InProcess(crc32(name.encode()) if seed is None else seed)


@pytest.fixture
async def world(request: pytest.FixtureRequest, driver: Driver) -> AsyncIterator[World]:
    world = World(driver)
    yield world
    problems: list[str] = []
    try:
        # A scenario that has failed already is not reported twice.
        if request.node.stash.get(PASSED, False):
            await world.ends_in_silence()
    finally:
        problems = await driver.close()
    if request.node.stash.get(PASSED, False):
        assert not problems, "\n".join(["nobody saw, but:", *problems])
