"""The dev system keeps its word: real servers, restarts, order, and errors a person can act on."""

import asyncio
import contextlib
import json
import os
import signal
import smtplib
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import psutil  # type: ignore[import-untyped]
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from dev.console import Console
from dev.errors import DevError
from dev.kafka import KafkaServer
from dev.layout import INTAKE, NOTIFIER, Layout, Secrets
from dev.ports import free_ports, port_is_free, wait_for_port
from dev.postgres import PostgresServer
from dev.preflight import claimed, require_free_ports, secrets_of
from dev.supervisor import ALIVE_AFTER, Backoff, Program, Supervisor

DEADLINE = 30.0


async def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        await asyncio.sleep(0.02)


# ------------------------------------------------------------------ Kafka


async def within(awaited: Awaitable[object]) -> object:
    return await asyncio.wait_for(awaited, DEADLINE)


async def produce(bootstrap: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    try:
        await within(producer.start())
        await within(producer.send_and_wait(topic, value, partition=0))
    finally:
        await producer.stop()


async def first_value(bootstrap: str, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    try:
        await within(consumer.start())
        consumer.assign([TopicPartition(topic, 0)])
        record = await asyncio.wait_for(consumer.getone(), DEADLINE)
    finally:
        await consumer.stop()
    value = record.value
    assert isinstance(value, bytes)
    return value


async def create_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await within(admin.start())
        large = {"max.message.bytes": str(8 * 1024 * 1024)}
        await within(admin.create_topics([NewTopic(topic, 1, 1, topic_configs=large)]))
    finally:
        await admin.close()


@pytest.mark.kafka
async def test_a_killed_broker_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    broker = KafkaServer(tmp_path / "kafka", *free_ports(2))
    try:
        await broker.start()
        before = broker.pid
        await create_topic(broker.bootstrap, "kept")
        await produce(broker.bootstrap, "kept", b"an alert")
        broker.kill()
        assert broker.pid is None
        await broker.start()
        assert broker.pid != before
        assert await first_value(broker.bootstrap, "kept") == b"an alert"
        await broker.stop()
    finally:
        broker.kill()


@pytest.mark.kafka
async def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    port, controller_port = free_ports(2)
    broker = KafkaServer(tmp_path / "kafka", port, controller_port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(DevError, match="Kafka ended"):
        await broker.start()


@pytest.mark.kafka
async def test_two_processes_may_fetch_the_jars_at_once(tmp_path: Path) -> None:
    program = "from dev.jars import jars; print(jars())"
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    told = [await asyncio.wait_for(process.communicate(), 300) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    first, second = (output.splitlines()[-1] for output, _ in told)
    assert first == second


# ------------------------------------------------------------------ PostgreSQL


@pytest.mark.postgres
async def test_a_killed_postgres_keeps_what_it_committed(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres", *free_ports(1))
    try:
        await server.start()
        url = await server.create_database("kept")
        assert await server.create_database("kept") == url
        async with connected(url) as connection:
            await connection.execute("CREATE TABLE alert (title text)")
            await connection.execute("INSERT INTO alert VALUES ('an alert')")
            assert await connection.fetchval("SHOW fsync") == "on"
            assert await connection.fetchval("SHOW synchronous_commit") == "on"
        server.kill()
        await server.start()
        async with connected(url) as connection:
            assert await connection.fetchval("SELECT title FROM alert") == "an alert"
        await server.stop()
        assert server.pid is None
    finally:
        server.kill()


@pytest.mark.postgres
async def test_postgres_asks_for_its_password(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres", *free_ports(1))
    try:
        await server.start()
        wrong = server.url().replace(server.password, "wrong")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(wrong, timeout=5)
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


# ------------------------------------------------------------------ the supervisor


@dataclass
class Stage:
    """A supervisor with its terminal and its file of process ids."""

    folder: Path
    terminal: StringIO = field(default_factory=StringIO)

    def __post_init__(self) -> None:
        self.pids = self.folder / "pids.json"
        self.supervisor = Supervisor(self.pids, Console(self.terminal, colour=False))

    def pid(self, name: str) -> int | None:
        running = json.loads(self.pids.read_text()) if self.pids.exists() else {}
        pid = running.get(name)
        assert pid is None or isinstance(pid, int)
        return pid

    def has_said(self, text: str) -> bool:
        return text in self.terminal.getvalue()


SERVES = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("drained", flush=True), sys.exit(0)))
print("serving", flush=True)
while True: time.sleep(1)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("serving", flush=True)
while True: time.sleep(1)
"""


def python(name: str, program: str, *, stop_within: float = 10.0) -> Program:
    return Program(name, [sys.executable, "-c", program], stop_within=stop_within)


def test_the_wait_between_restarts_doubles_to_two_seconds_and_starts_anew_after_a_good_run() -> (
    None
):
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(6)] == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert backoff.after(ALIVE_AFTER) == 0.2


async def test_what_dies_is_started_again_with_a_new_process_id(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.supervisor.start(python("phoenix", SERVES))
    await eventually(lambda: stage.has_said("phoenix         | serving"), "serving")
    first = stage.pid("phoenix")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: stage.terminal.getvalue().count("serving") == 2, "serving again")
    assert stage.has_said("died of SIGKILL; restarting in 0.2 s")
    assert stage.pid("phoenix") not in {None, first}
    await stage.supervisor.stop()
    assert stage.pid("phoenix") is None


async def test_what_keeps_dying_is_restarted_more_and_more_slowly(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.supervisor.start(python("mayfly", "raise SystemExit(3)"))
    await eventually(lambda: stage.has_said("code 3; restarting in 0.8 s"), "a longer wait")
    said = [line for line in stage.terminal.getvalue().splitlines() if "restarting" in line]
    assert [line.split()[-2] for line in said] == ["0.2", "0.4", "0.8"]
    await asyncio.wait_for(stage.supervisor.stop(), 5)


async def test_services_drain_before_what_they_stand_on_is_stopped(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.supervisor.start(python("broker", SERVES))
    stage.supervisor.start(python("service", SERVES))
    await eventually(lambda: stage.terminal.getvalue().count("serving") == 2, "serving")
    await stage.supervisor.stop()
    said = [line.split()[0] for line in stage.terminal.getvalue().splitlines() if "drained" in line]
    assert said == ["service", "broker"]


async def test_what_does_not_stop_in_time_is_killed_with_all_it_started(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    parent = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {DEAF!r}])\n{DEAF}"
    stage.supervisor.start(python("deaf", parent, stop_within=0.3))
    await eventually(lambda: stage.terminal.getvalue().count("serving") == 2, "both serve")
    family = psutil.Process(stage.pid("deaf"))
    (child,) = family.children()
    await stage.supervisor.stop()
    assert stage.has_said("took too long to stop and is killed")
    await eventually(lambda: not _lives(child), "the child is gone")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a parent-death signal")
async def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    program = f"""
import asyncio, pathlib
from dev.console import Console
from dev.supervisor import Program, Supervisor
async def main():
    supervisor = Supervisor(pathlib.Path({str(tmp_path / "pids.json")!r}), Console())
    supervisor.start(Program("orphan", ["sleep", "60"]))
    await asyncio.sleep(60)
asyncio.run(main())
"""
    keeper = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    stage = Stage(tmp_path)
    await eventually(lambda: stage.pid("orphan") is not None, "started")
    orphan = psutil.Process(stage.pid("orphan"))
    await eventually(lambda: orphan.name() == "sleep", "running")
    keeper.kill()
    await keeper.wait()
    await eventually(lambda: not _lives(orphan), "the child is gone")


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


# ------------------------------------------------------------------ preflight and layout


def layout(folder: Path, **more: str) -> Layout:
    port = next(p for p in free_ports(50) if all(port_is_free(p + n) for n in range(31)))
    return Layout.of({"TOCSIN_VAR": str(folder), "TOCSIN_PORT": str(port), **more})


def test_a_taken_port_is_named_with_the_setting_that_moves_it(tmp_path: Path) -> None:
    mine = layout(tmp_path)
    with socket.create_server(("127.0.0.1", mine.kafka_port)), pytest.raises(DevError) as told:
        require_free_ports(mine)
    assert f"Port {mine.kafka_port} (Kafka) is taken" in str(told.value)
    assert f"set TOCSIN_PORT (now {mine.port})" in str(told.value)


def test_one_folder_has_one_dev_system(tmp_path: Path) -> None:
    mine = layout(tmp_path)
    told = pytest.raises(DevError, match="Another dev system is running")
    with claimed(mine), told, claimed(mine):
        pass


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = pytest.raises(DevError, match=r"not writable .*: set TOCSIN_VAR")
    with told, claimed(layout(tmp_path / "file" / "var")):
        pass


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOCSIN_PORT", "x"),
        ("TOCSIN_PORT", "65535"),
        ("DATABASE", "oracle"),
        ("REPLICAS", "0"),
        ("REPLICAS", "7"),
        ("BROKERS", "2"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(DevError, match=name):
        Layout.of({name: value})


def test_replicas_need_postgres(tmp_path: Path) -> None:
    with pytest.raises(DevError, match="REPLICAS=2 needs DATABASE=postgres"):
        layout(tmp_path, REPLICAS="2")


def test_replicas_and_brokers_have_ports_of_their_own(tmp_path: Path) -> None:
    mine = layout(tmp_path, DATABASE="postgres", REPLICAS="6", BROKERS="3")
    taken = list(mine.ports().values())
    assert len(set(taken)) == len(taken) == 4 * 6 + 3 * 2 + 2
    assert max(taken) < mine.port + 40
    assert mine.address(INTAKE, 2) == f"127.0.0.1:{mine.port + 5}"
    settings = mine.service_environment(INTAKE, "", Secrets("token", "secret"))
    brokers = (mine.port + 1, mine.port + 11, mine.port + 13)
    assert settings["INTAKE_KAFKA"] == ",".join(f"127.0.0.1:{port}" for port in brokers)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    mine = layout(tmp_path)
    first = secrets_of(mine)
    assert secrets_of(mine) == first
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_service_learns_everything_from_its_environment(tmp_path: Path) -> None:
    mine = layout(tmp_path)
    settings = mine.service_environment(INTAKE, mine.sqlite(INTAKE), Secrets("token", "secret"))
    assert settings["INTAKE_HTTP"] == f"127.0.0.1:{mine.port}"
    assert settings["INTAKE_KAFKA"] == f"127.0.0.1:{mine.port + 1}"
    assert settings["INTAKE_DATABASE"] == f"sqlite:///{tmp_path}/incident-intake.db"
    assert "token" not in settings["INTAKE_TOKENS"]
    paged = mine.service_environment(NOTIFIER, "", Secrets("token", "secret"))
    assert paged["NOTIFIER_SMTP"] == f"127.0.0.1:{mine.port + 3}"
    assert paged["NOTIFIER_EGRESS_ALLOW"] == "127.0.0.0/8"


# ------------------------------------------------------------------ the mail catcher


async def test_a_mail_is_shown_and_kept(tmp_path: Path) -> None:
    mine = layout(tmp_path)
    stage = Stage(tmp_path)
    environment = os.environ | {"TOCSIN_VAR": str(tmp_path), "TOCSIN_PORT": str(mine.port)}
    stage.supervisor.start(Program("mail", [sys.executable, "-m", "dev.mail"], environment))
    try:
        assert await wait_for_port(mine.mail_port, within=DEADLINE)
        await asyncio.to_thread(send_mail, mine.mail_port)
        (kept,) = map(json.loads, mine.mails.read_text().splitlines())
        assert kept["to"] == ["ada@example.org"]
        assert (kept["subject"], kept["text"]) == ("Páge", "Acknowledge: http://127.0.0.1/a/x")
        await eventually(lambda: stage.has_said("Acknowledge: http://127.0.0.1/a/x"), "shown")
    finally:
        await stage.supervisor.stop()


def send_mail(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        text = "Subject: =?utf-8?q?P=C3=A1ge?=\n\nAcknowledge: http://127.0.0.1/a/x\n"
        client.sendmail("tocsin@example.org", ["ada@example.org"], text)
