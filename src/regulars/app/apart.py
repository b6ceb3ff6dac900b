"""Long work in a process of its own, so that the worker keeps its core; and whoever waits for it.

The process says how far it is, a line of JSON now and then, or gives what it makes, byte for byte. It rests when it is
told to end or when whoever started it is gone.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import msgspec

from regulars.kernel.errors import RegularsError
from regulars.kernel.jobs import JobRun
from regulars.kernel.sayings import Said, Saying, said

ENDS_WITHIN_S = 60.0
NICENESS = 10
CHUNK_BYTES = 1 << 16
SILENCE_MS = 1_000
FURTHER_EVERY_S = 5.0  # tries are counted anew as often as that, while the work gets further

Told = Callable[[int, int, str], None]


class ApartError(RegularsError):
    """The process that did the work could not do it, and said why: its sentence, with its code where it has one."""


class EndedError(RegularsError):
    """The process that did the work is gone, and nobody knows why; what it kept is still there."""


class Word(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the process says: how far it is, or how it ended."""

    done: int = 0
    total: int = 0
    note: str = ""
    is_over: bool = False
    error: str = ""
    said: Saying | None = None


class _Told(BaseException):
    """Somebody told the process to end."""


def do_and_exit(work: Callable[[Told], str]) -> NoReturn:
    """Do the work in this process, which `wait_for` started, and leave; `work` returns what to say at the end."""
    stop = _settled()

    def told(done: int, total: int, note: str) -> None:
        _say(Word(done=done, total=total, note=note))
        if stop.is_set():
            raise _Told

    try:
        _say(Word(is_over=True, note=work(told)))
    except RegularsError as error:
        _say(Word(error=str(error), said=error.saying))
        sys.exit(1)
    except _Told:
        sys.exit(0)
    sys.exit(0)


def give_and_exit(work: Callable[[Told], None]) -> NoReturn:
    """Do the work in this process, which `bytes_from` started, and leave; what it makes it writes to its output."""
    stop = _settled()

    def told(_done: int, _total: int, _note: str) -> None:
        if stop.is_set():
            raise _Told

    try:
        work(told)
        sys.stdout.flush()
    except (_Told, BrokenPipeError):  # nobody wants the rest
        os._exit(1)
    sys.exit(0)


def bytes_from(module: str, task: object) -> Generator[bytes]:
    """Yield what a module makes of a task (its first argument, as JSON), as it comes; closing it ends the work.

    While nothing comes, nothing is yielded once a second (`b""`): whoever waits can leave then.

    Raises
    ------
    EndedError
        When it broke off: what was yielded is not the whole.

    """
    with _child(module, msgspec.json.encode(task).decode()) as process:
        assert process.stdout is not None, "it was asked for"
        try:
            output = process.stdout.fileno()
            waiting = select.poll()
            waiting.register(output)
            while True:
                if not waiting.poll(SILENCE_MS):
                    yield b""
                elif chunk := os.read(output, CHUNK_BYTES):
                    yield chunk
                else:
                    break
        finally:
            process.stdout.close()  # or it waits for somebody to read on
        if process.wait() != 0:
            raise EndedError(said("process_broke_off", "The process that made it broke off. Ask for it again."))


def wait_for(run: JobRun, module: str, task: object) -> str:
    """Have a module do a task (its first argument, as JSON) and return what it said at its end.

    Raises
    ------
    ApartError
        When it could not do it, and said why.
    EndedError
        When it is gone.

    """
    last, furthest, noted_s = Word(), 0, time.monotonic()
    with _child(module, msgspec.json.encode(task).decode()) as process:
        assert process.stdout is not None, "it was asked for"
        for line in process.stdout:
            last = msgspec.json.decode(line, type=Word)
            if last.is_over or last.error:
                continue
            run.progress(last.done, last.total, last.note)
            if last.done > furthest and time.monotonic() - noted_s >= FURTHER_EVERY_S:
                furthest, noted_s = last.done, time.monotonic()
                run.checkpoint({"done": furthest})
    if last.error:
        raise ApartError(Said(last.error, last.said) if last.said else last.error)
    if not last.is_over:
        raise EndedError(
            said("job_process_ended", "The process that did the work was ended. It goes on from where it was.")
        )
    return last.note


def _say(word: Word) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more; the lifeline says so as well
        sys.stdout.write(msgspec.json.encode(word).decode() + "\n")
        sys.stdout.flush()


def _settled() -> threading.Event:
    """Make way for others, and return what is set when the work is to end."""
    os.nice(NICENESS)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    threading.Thread(target=_watch, args=(int(sys.argv[2]), stop), daemon=True).start()
    return stop


def _watch(lifeline_fd: int, stop: threading.Event) -> None:
    while os.read(lifeline_fd, 1):
        continue
    stop.set()


@contextmanager
def _child(module: str, task: str) -> Iterator[subprocess.Popen[bytes]]:
    ours, theirs = os.pipe()
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        [sys.executable, "-m", module, task, str(ours)],
        pass_fds=[ours],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(ours)
    assert process.stdout is not None, "it was asked for"
    try:
        yield process
    finally:
        os.close(theirs)  # which tells it to rest
        try:
            process.wait(timeout=ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:  # it learns or compares, and bears being killed
            process.kill()
            process.wait()
        process.stdout.close()
