"""One process of a served shop: `web` answers HTTP, `work` takes the log in and runs the jobs.

Started by the supervisor (`app.serve`) as `python -m regulars.app.process`. It ends when it is told to (SIGTERM), and
when the supervisor is gone: the pipe whose other end the supervisor holds then closes.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING

import msgspec

from regulars.kernel.errors import RegularsError, UnavailableError

if TYPE_CHECKING:
    from regulars.app.shop import Shop

CANNOT_START = 3  # the exit status that tells the supervisor not to try again
TURN_S = 0.001  # of a thread at the interpreter; Python's own 5 ms is a fifth of what a slate may take
JOB_RUNNERS = 2  # a long training run must not keep the lake's next flush waiting

AWAY_S_MIN, AWAY_S_MAX = 0.5, 5.0

_log = logging.getLogger("regulars.process")


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What one process shall do; given as JSON in its only argument."""

    role: str
    name: str
    folder: str
    flags: dict[str, str] = {}
    socket_fd: int | None = None
    lifeline_fd: int | None = None
    announces: bool = False
    drain_s: int = 25


def main() -> int:
    """Do the task in the first argument; return the exit status."""
    from regulars.web.observe import write_logs_to_stderr

    task = msgspec.json.decode(sys.argv[1], type=Task)
    write_logs_to_stderr(task.name)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if task.lifeline_fd is not None:
        _end_with_supervisor(task.lifeline_fd)
    try:
        if task.role == "web":
            serve_web(task, stop)
        else:
            work(task, stop)
    except RegularsError as error:
        told = {"cannot_start": {"kind": error.kind, "title": error.title, "detail": str(error)}}
        sys.stdout.write(json.dumps(told) + "\n")  # the supervisor says it, once for all of us
        sys.stdout.flush()
        return CANNOT_START
    return 0


def serve_web(task: Task, stop: threading.Event) -> None:
    """Answer HTTP on the inherited socket until told to stop; open requests are answered first.

    While the state database is away the door is open all the same; everything else follows when it is back.
    """
    from regulars.app.collecting import seldom
    from regulars.app.http import build_web
    from regulars.app.shop import open_shop
    from regulars.app.uvicorn_server import serve

    sys.setswitchinterval(TURN_S)
    with seldom(), open_shop(task.folder, flags=task.flags, partition=task.name, waits=True) as shop:
        if shop.is_ready:
            shop.events.publish_keys()
            shop.hooks.publish()
        web = build_web(shop)
        assert task.socket_fd is not None, "the supervisor hands a listening socket to every web process"
        listening = socket.socket(fileno=task.socket_fd)
        serve(web, listening, drain_s=task.drain_s, on_open=lambda: _opened(shop, task, stop))


def work(task: Task, stop: threading.Event) -> None:
    """Take the log in, keep it in shape and run the jobs until told to stop; what is under way goes back."""
    from regulars.app.retention import keep_until
    from regulars.app.shop import open_shop

    with open_shop(task.folder, flags=task.flags, partition="worker", waits=True) as shop:
        runners = [
            threading.Thread(target=shop.jobs.run, args=(stop,), name=f"jobs-{number}") for number in range(JOB_RUNNERS)
        ]
        runners.append(threading.Thread(target=shop.destinations.run, args=(stop,), name="deliveries"))
        keeping = threading.Thread(target=keep_until, args=(stop, shop), name="log")
        keeping.start()
        try:
            if not _await_database(shop, stop):
                return
            for runner in runners:
                runner.start()
            shop.worker().run(stop)
        finally:
            stop.set()
            for runner in (keeping, *runners):
                if runner.ident is not None:  # it was started
                    runner.join()


def _opened(shop: Shop, task: Task, stop: threading.Event) -> None:
    if shop.is_ready:
        _announce(shop, task)
    else:
        threading.Thread(target=_follow_the_door, args=(shop, task, stop), name="database-away", daemon=True).start()


def _follow_the_door(shop: Shop, task: Task, stop: threading.Event) -> None:
    try:
        if _await_database(shop, stop):
            shop.events.publish_keys()
            shop.hooks.publish()
            shop.plans.write_snapshot()
            _announce(shop, task)
    except RegularsError:
        _log.exception("the shop cannot be opened as it is")
        os.kill(os.getpid(), signal.SIGTERM)


def _await_database(shop: Shop, stop: threading.Event) -> bool:
    """Return True once the tables are up to date, False when told to stop before."""
    pause_s = AWAY_S_MIN
    while not shop.is_ready and not stop.is_set():
        try:
            shop.make_ready()
        except UnavailableError as error:
            _log.warning("the state database is away, asked again in %.1f s: %s", pause_s, error)
            stop.wait(pause_s)
            pause_s = min(pause_s * 2, AWAY_S_MAX)
    return shop.is_ready


def _announce(shop: Shop, task: Task) -> None:
    if task.announces:
        from regulars.app.welcome import welcome

        sys.stdout.write(json.dumps(welcome(shop)) + "\n")
        sys.stdout.flush()


def _end_with_supervisor(lifeline_fd: int) -> None:
    def watch() -> None:
        while os.read(lifeline_fd, 1):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
