"""A rebuild in a process of its own, so that the worker keeps its core; and the job that starts it.

Started as `python -m regulars.app.rebuild.process TASK`. It says how far it is, a line of JSON each second, and rests
when it is told to end or when whoever started it is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

import msgspec

from regulars.app.rebuild.core import RebuildReport
from regulars.kernel.errors import RegularsError
from regulars.kernel.jobs import JobRun

if TYPE_CHECKING:
    from regulars.app.shop import Shop

ENDS_WITHIN_S = 60.0
NICENESS = 10


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to rebuild, and where."""

    folder: str
    flags: dict[str, str]
    parts: list[str]
    check: bool
    lifeline_fd: int


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the process says: how far it is, or how it ended."""

    done: int = 0
    total: int = 0
    note: str = ""
    report: RebuildReport | None = None
    error: str = ""


class RebuildError(RegularsError):
    """The process that rebuilt could not do it, and said why."""


class _Told(BaseException):
    """Somebody told the process to end."""


def main() -> int:
    """Do the task in the first argument; return the exit status."""
    from regulars.app.shop import open_shop

    task = msgspec.json.decode(sys.argv[1], type=Task)
    os.nice(NICENESS)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    threading.Thread(target=_watch, args=(task.lifeline_fd, stop), daemon=True).start()

    def told(done: int, total: int, note: str) -> None:
        _say(Word(done=done, total=total, note=note))
        if stop.is_set():
            raise _Told

    try:
        with open_shop(task.folder, flags=task.flags, partition=None) as shop:
            _say(Word(report=shop.rebuild(task.parts, check=task.check, on_progress=told)))
    except RegularsError as error:
        _say(Word(error=str(error)))
        return 1
    except _Told:
        return 0
    return 0


def _say(word: Word) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more; the lifeline says so as well
        sys.stdout.write(msgspec.json.encode(word).decode() + "\n")
        sys.stdout.flush()


def _watch(lifeline_fd: int, stop: threading.Event) -> None:
    while os.read(lifeline_fd, 1):
        continue
    stop.set()


def run_job(shop: Shop, run: JobRun) -> None:
    """Do what `POST /v1/rebuilds` asked for: `parts`, and `check` to only compare. Cancelling the run pauses it."""
    parts = [str(part) for part in run.args.get("parts") or shop.rebuilds.parts()]
    check = bool(run.args.get("check", False))
    last = Word()
    with _child(shop, parts, check=check) as words:
        for line in words:
            last = msgspec.json.decode(line, type=Word)
            if last.report is None and not last.error:
                run.progress(last.done, last.total, last.note)
    if last.error:
        raise RebuildError(last.error)
    if last.report is None:
        raise RebuildError("The process that rebuilt was ended. It goes on from where it was.")
    events = last.report.events
    run.progress(events, events, "compared" if check else "the new state answers")


@contextmanager
def _child(shop: Shop, parts: list[str], *, check: bool) -> Iterator[IO[str]]:
    ours, theirs = os.pipe()
    task = Task(folder=str(shop.folder), flags=shop.flags, parts=parts, check=check, lifeline_fd=ours)
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [sys.executable, "-m", "regulars.app.rebuild.process", msgspec.json.encode(task).decode()],
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


if __name__ == "__main__":
    sys.exit(main())
