"""`regulars serve`: opens the address, starts the processes, starts again what dies, and closes in good order.

The supervisor holds the listening socket itself: while a web process is started again, browsers wait instead of being
turned away. It loads nothing heavy, and it is the only one who talks to the person at the keyboard.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from regulars.app.folder import prepare_folder
from regulars.app.process import CANNOT_START, Task
from regulars.kernel.clock import MICROSECONDS_PER_SECOND, Clock, SystemClock
from regulars.kernel.errors import ConflictError, ForbiddenError, InvalidError, RegularsError
from regulars.kernel.settings import ServeSettings, load_settings

BACKLOG = 2048
WATCH_S = 0.1
PAUSE_S_MIN = 0.2
PAUSE_S_MAX = 30.0
STEADY_S = 60  # whoever lived this long starts anew with a short pause
LAST_WORD_S = 5  # for what a process said before it ended
DRAIN_S = 25  # Kubernetes kills after 30
# An answer's matrices are small. With a thread per core OpenBLAS keeps the cores spinning between them: the web process
# took 1.3 cores instead of 0.5, and the slowest slates waited for them (docs/decisions/answers-while-writing.md).
ONE_THREAD_EACH = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_log = logging.getLogger("regulars.supervisor")
Only = Literal["web", "work"]


def listen(settings: ServeSettings) -> socket.socket:
    """Return a listening socket.

    Raises
    ------
    ConflictError
        When the port is taken.
    ForbiddenError
        When this user may not listen there.
    InvalidError
        When the address is not this machine's.

    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _refused(settings, error) from error
    listening.setblocking(False)
    return listening


def _refused(settings: ServeSettings, error: OSError) -> ConflictError | ForbiddenError | InvalidError:
    port, host = settings.port, settings.host
    if error.errno == errno.EADDRINUSE:
        return ConflictError(f"Port {port} is in use by another program. Stop it, or take another: --port {port + 1}.")
    if error.errno == errno.EACCES:
        return ForbiddenError(f"This user may not listen on port {port}. Take one above 1023: --port 8700.")
    return InvalidError(f"{host!r} is no address of this machine. Listen on 127.0.0.1, or on 0.0.0.0 for all.")


@dataclass
class Child:
    """One process to keep alive."""

    task: Task
    process: subprocess.Popen[str] | None = None
    started_us: int = 0
    pause_s: float = PAUSE_S_MIN
    due_us: int = 0
    restarts: int = field(default=0)
    listener: threading.Thread | None = None


class CannotStartError(RegularsError):
    """A process said that it can never start; the sentence, kind and title are its own."""

    def __init__(self, told: Mapping[str, str]) -> None:
        super().__init__(told["detail"])
        self.kind, self.title = told["kind"], told["title"]


class Supervisor:
    """Keeps the processes of a served shop alive."""

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        listening: socket.socket | None,
        announce: Callable[[dict[str, str]], None],
        clock: Clock | None = None,
    ) -> None:
        self._children = [Child(task) for task in tasks]
        self._listening = listening
        self._announce = announce
        self._clock = clock or SystemClock()
        self._stop = threading.Event()
        self._refusal: dict[str, str] | None = None
        self._lifeline = os.pipe()
        self._metrics_folder = tempfile.mkdtemp(prefix="regulars-metrics-", dir=_memory_folder())

    def stop(self) -> None:
        """Ask everything to end; may be called from a signal handler."""
        self._stop.set()

    def run(self) -> int:
        """Run until told to stop; return the exit status.

        Raises
        ------
        CannotStartError
            When a process says that it can never start.

        """
        try:
            for child in self._children:
                self._start(child)
            while not self._stop.wait(WATCH_S):
                if not all([self._watch(child) for child in self._children]):  # noqa: C419 (each is looked after, every time)
                    return 1
            return 0
        finally:
            self._end()

    def _watch(self, child: Child) -> bool:
        now_us = self._clock.now_us()
        if child.process is None:
            if now_us >= child.due_us:
                self._start(child)
            return True
        status = child.process.poll()
        if status is None:
            return True
        if status == CANNOT_START:
            if child.listener is not None:
                child.listener.join(timeout=LAST_WORD_S)
            if self._refusal is not None:
                raise CannotStartError(self._refusal)
            return False
        self._restart_later(child, status, now_us)
        return True

    def _restart_later(self, child: Child, status: int, now_us: int) -> None:
        if now_us - child.started_us > STEADY_S * MICROSECONDS_PER_SECOND:
            child.pause_s = PAUSE_S_MIN
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        _log.warning("%s %s; it starts again in %.1f s", child.task.name, how, child.pause_s)
        child.process, child.restarts = None, child.restarts + 1
        child.due_us = now_us + int(child.pause_s * MICROSECONDS_PER_SECOND)
        child.pause_s = min(child.pause_s * 2, PAUSE_S_MAX)

    def _start(self, child: Child) -> None:
        fds = [self._lifeline[0]]
        task = msgspec.structs.replace(child.task, lifeline_fd=self._lifeline[0], announces=child.restarts == 0)
        if task.role == "web" and self._listening is not None:
            task = msgspec.structs.replace(task, socket_fd=self._listening.fileno())
            fds.append(self._listening.fileno())
        child.process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "regulars.app.process", msgspec.json.encode(task).decode()],
            pass_fds=fds,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **(ONE_THREAD_EACH if task.role == "web" else {}),
                **os.environ,
                MULTIPROCESS_FOLDER: self._metrics_folder,
            },
            start_new_session=True,  # Ctrl-C reaches us alone; we end the others in good order
        )
        child.started_us = self._clock.now_us()
        child.listener = threading.Thread(target=self._listen_to, args=(child.process,), daemon=True)
        child.listener.start()

    def _listen_to(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None, "it was asked for"
        for line in process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                sys.stdout.write(line)
                continue
            if isinstance(told, dict) and "cannot_start" in told:
                self._refusal = told["cannot_start"]
            elif isinstance(told, dict):
                self._announce(told)

    def _end(self) -> None:
        if self._listening is not None:
            self._listening.close()
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        for process in running:
            try:
                process.wait(timeout=DRAIN_S + 5)
            except subprocess.TimeoutExpired:
                _log.warning("process %d did not end in %d s and is killed", process.pid, DRAIN_S + 5)
                process.kill()
                process.wait()
        for end in self._lifeline:
            os.close(end)
        shutil.rmtree(self._metrics_folder, ignore_errors=True)


def _memory_folder() -> str | None:
    # the counters are memory-mapped; on a full disk a mapped page that cannot be written kills its process
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (mkdtemp makes a private folder in it)


def tasks_of(folder: Path, settings: ServeSettings, flags: dict[str, str], *, only: Only | None = None) -> list[Task]:
    """Return the processes of a shop: `web_workers` for the web, one for the work."""
    web = [
        Task(role="web", name=f"web-{number}", folder=str(folder), flags=flags, drain_s=DRAIN_S)
        for number in range(settings.web_workers)
    ]
    work = [Task(role="work", name="worker", folder=str(folder), flags=flags)]
    return {"web": web, "work": work}[only] if only else [*web, *work]


def serve(
    shop: str | Path, *, flags: Mapping[str, str] | None = None, only: Only | None = None, as_json: bool = False
) -> int:
    """Serve the shop in a folder until SIGTERM or SIGINT, and say on stdout where; return the exit status.

    Raises
    ------
    RegularsError
        When the folder cannot be used, a setting is wrong, or the address cannot be listened on.

    """
    folder, given = prepare_folder(shop), dict(flags or {})
    settings = load_settings(folder, given).serve
    listening = listen(settings) if only != "work" else None
    if listening is not None:
        given["serve.port"] = str(listening.getsockname()[1])
    told_once = _Once(lambda told: _say(folder, told, as_json=as_json))
    supervisor = Supervisor(tasks_of(folder, settings, given, only=only), listening=listening, announce=told_once)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: supervisor.stop())
    return supervisor.run()


class _Once:
    """Lets the first word through: every web process says where the shop is."""

    def __init__(self, say: Callable[[dict[str, str]], None]) -> None:
        self._say = say
        self._said = False

    def __call__(self, told: dict[str, str]) -> None:
        if not self._said:
            self._said = True
            self._say(told)


def _say(folder: Path, told: dict[str, str], *, as_json: bool) -> None:
    lines = [f"The shop in {folder} is open: {told['url']}"]
    if "setup_url" in told:
        lines.append(f"Nobody was let in yet. Set it up here, once: {told['setup_url']}")
    if "demo_url" in told:
        lines.append(f"The demo's public page: {told['demo_url']}")
    lines.append("Press Ctrl-C to close it.")
    sys.stdout.write((json.dumps(told) if as_json else "\n".join(lines)) + "\n")
    sys.stdout.flush()
