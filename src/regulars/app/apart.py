"""Long work in a process of its own, so that the worker keeps its core; and the job that waits for it.

The process says how far it is, a line of JSON now and then, and rests when it is told to end or when whoever started
it is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, NoReturn

import msgspec

from regulars.kernel.errors import RegularsError
from regulars.kernel.jobs import JobRun

ENDS_WITHIN_S = 60.0
NICENESS = 10

Told = Callable[[int, int, str], None]


class ApartError(RegularsError):
    """The process that did the work could not do it, and said why."""


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the process says: how far it is, or how it ended."""

    done: int = 0
    total: int = 0
    note: str = ""
    is_over: bool = False
    error: str = ""


class _Told(BaseException):
    """Somebody told the process to end."""


def do_and_exit(work: Callable[[Told], str]) -> NoReturn:
    """Do the work in this process, which `wait_for` started, and leave; `work` returns what to say at the end."""
    os.nice(NICENESS)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    threading.Thread(target=_watch, args=(int(sys.argv[2]), stop), daemon=True).start()

    def told(done: int, total: int, note: str) -> None:
        _say(Word(done=done, total=total, note=note))
        if stop.is_set():
            raise _Told

    try:
        _say(Word(is_over=True, note=work(told)))
    except RegularsError as error:
        _say(Word(error=str(error)))
        sys.exit(1)
    except _Told:
        sys.exit(0)
    sys.exit(0)


def wait_for(run: JobRun, module: str, task: object) -> str:
    """Have a module do a task (its first argument, as JSON) and return what it said at its end.

    Raises
    ------
    ApartError
        When it could not do it.

    """
    last = Word()
    with _child(module, msgspec.json.encode(task).decode()) as words:
        for line in words:
            last = msgspec.json.decode(line, type=Word)
            if not last.is_over and not last.error:
                run.progress(last.done, last.total, last.note)
    if last.error:
        raise ApartError(last.error)
    if not last.is_over:
        raise ApartError("The process that did the work was ended. It goes on from where it was.")
    return last.note


def _say(word: Word) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more; the lifeline says so as well
        sys.stdout.write(msgspec.json.encode(word).decode() + "\n")
        sys.stdout.flush()


def _watch(lifeline_fd: int, stop: threading.Event) -> None:
    while os.read(lifeline_fd, 1):
        continue
    stop.set()


@contextmanager
def _child(module: str, task: str) -> Iterator[IO[str]]:
    ours, theirs = os.pipe()
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [sys.executable, "-m", module, task, str(ours)],
        pass_fds=[ours],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    os.close(ours)
    assert process.stdout is not None, "it was asked for"
    try:
        yield process.stdout
    finally:
        os.close(theirs)  # which tells it to rest
        try:
            process.wait(timeout=ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:  # it learns or compares, and bears being killed
            process.kill()
            process.wait()
        process.stdout.close()
