"""`docker compose up`, as a platform team sees it: one story, kills, and a stop that drains."""

import re
from collections.abc import Iterator

import httpx
import pytest

from dev.layout import INTAKE, POSTMORTEM, SERVICES
from tests.containers.engine import attempt, docker, exit_code, inspected
from tests.containers.project import Project, project, until

LINK = re.compile(r"http://\S+/a/\S+")
EVERY = ("kafka", "postgres", *(service.name for service in SERVICES))


@pytest.fixture(scope="module")
def system(
    all_images: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    if attempt("compose", "version").returncode:
        pytest.skip("needs Docker Compose v2")
    with project(tmp_path_factory.mktemp("compose"), all_images) as up:
        up.up()
        up.tocsin("apply", "/catalog", "--set", "examples", "--yes")
        yield up


def paged(system: Project, title: str) -> str:
    """Wait for the mail of an alert's page, and return the link in it."""

    def link() -> str | None:
        found = [LINK.search(text) for text in system.mails(title)]
        return next((one.group() for one in found if one), None)

    return until(f"the mail about {title}", link)


def has_status(system: Project, title: str, status: str) -> dict[str, object]:
    def look() -> dict[str, object] | None:
        found = system.incident(title)
        return found if found and found["status"] == status else None

    return until(f"{title} is {status}", look)


def test_one_outage_from_the_alert_to_the_draft(system: Project) -> None:
    assert system.ring("Checkout is down") == 202
    link = paged(system, "Checkout is down")
    system.http.get(link).raise_for_status()  # As a mail scanner does: nothing comes of it.
    assert has_status(system, "Checkout is down", "triggered")
    system.acknowledge(link)
    incident = has_status(system, "Checkout is down", "acknowledged")
    system.tocsin("incidents", "resolve", str(incident["number"]))
    has_status(system, "Checkout is down", "resolved")

    def draft() -> str | None:
        items = system.get(POSTMORTEM, "/v1/postmortems")["items"]
        return next((one["id"] for one in items if one["incident_id"] == incident["id"]), None)

    identity = until("the draft", draft)
    text = system.http.get(f"{system.url(POSTMORTEM)}/v1/postmortems/{identity}.md").text
    assert "Checkout is down" in text
    assert system.tocsin("status")


@pytest.mark.parametrize("name", EVERY)
def test_a_container_that_is_killed_loses_nothing(system: Project, name: str) -> None:
    titles = [f"{name} {moment}" for moment in ("before", "while it is away", "after")]
    accepted = [system.ring(titles[0])]
    system.compose("kill", "--signal", "KILL", name)
    accepted.append(system.ring(titles[1]))
    system.up()
    until("intake accepts", lambda: system.ring(titles[2]) == 202)
    # Nobody answers but intake itself, and what it could not promise it has not promised.
    assert accepted[0] == 202
    assert accepted[1] == (0 if name == INTAKE.name else 202)
    for title, answer in zip(titles, [*accepted, 202], strict=True):
        if answer == 202:
            paged(system, title)
            assert system.incident(title)
        else:
            assert system.incident(title) is None


def test_a_stop_drains(system: Project) -> None:
    titles = [f"just before the stop {number:02}" for number in range(10)]
    assert {system.ring(title) for title in titles} == {202}
    system.compose("stop", *EVERY)  # All but the mail catcher, which forgets.
    ended = {name: exit_code(system.container(name)) for name in EVERY}
    assert {ended[service.name] for service in SERVICES} == {0}
    assert ended["postgres"] == 0
    assert ended["kafka"] in {0, 143}  # Java says which signal it has ended in order after.
    system.up()
    for title in titles:
        paged(system, title)
        assert system.incident(title)


def test_only_this_machine_reaches_it_and_little_may_be_done_within(system: Project) -> None:
    for name in (*EVERY, "mail"):
        found = inspected("container", system.container(name))
        host = found["HostConfig"]
        bound = [one["HostIp"] for ports in (host["PortBindings"] or {}).values() for one in ports]
        assert set(bound) <= {"127.0.0.1"}, name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"]
        assert host["ReadonlyRootfs"] or name in {"kafka", "mail"}
        user = docker("exec", system.container(name), "id", "-u")
        assert user != "0" or name == "mail"
    for service in SERVICES:
        mounts = inspected("container", system.container(service.name))["Mounts"]
        assert mounts == []


def test_no_service_can_read_anothers_database(system: Project) -> None:
    container = system.container("postgres")
    shown = "SELECT has_database_privilege('notifier', 'incident_intake', 'CONNECT')"
    words = ("psql", "--host=/var/run/postgresql", "--username=postgres", "--tuples-only", "-c")
    assert docker("exec", container, *words, shown) == "f"


def test_a_secret_is_told_to_its_own_container_alone(system: Project) -> None:
    for service in SERVICES:
        told = inspected("container", system.container(service.name))["Config"]["Env"]
        prefixes = {name.partition("_")[0] for name in told if "_SECRET=" in name}
        assert prefixes == {service.prefix}


def test_healthy_means_that_it_answers(system: Project) -> None:
    for service in SERVICES:
        answer = httpx.get(f"{system.url(service)}/readyz", trust_env=False)
        assert answer.status_code == 200, answer.text
