"""How much does one box take, how long do senders wait at half of that, and what do two web processes give?

The door is served as `regulars serve` serves it: one listening socket, one process of uvicorn for each web worker, each
with a partition of its own. The load comes from one other process that sends prepared bytes over plain sockets and
looks at no more than the status line: on few cores a better client would be measured instead of the server.

Half of the measured maximum is sent on a schedule, whatever the answers do (open loop): a wait counts from the moment
a request was due, so that a pause of the server is felt by all who came in it. Scaling is told by the wall and, because
the load takes a core of its own, by what the servers' CPU time gave; how busy the cores were is told beside it.

    python bench/sizing.py [--rounds 5] [--seconds 4]
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from door import KEY, request_bytes

CONNECTIONS = 256  # who needs two processes has many senders; 64 are too few for each to fill its commits
BATCH_EVENTS = 100
KINDS = (1, BATCH_EVENTS)


class Line:
    """One connection to the door."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = b""

    def answered(self) -> bool:
        """Read what came; return whether that was the whole answer."""
        self._got += self.socket.recv(65_536)
        if not self._got.startswith(b"HTTP/1.1 200"):
            sys.exit(f"The server says no: {self._got[:300]!r}")
        if not self._got.endswith(b"}"):
            return False
        self._got = b""
        return True


class Load:
    """Prepared requests over a few hundred connections."""

    def __init__(self, port: int, events: int) -> None:
        self._requests = [request_bytes(events, number) for number in range(400)]
        self._next = 0
        self._lines = {line.socket.fileno(): line for line in (Line(port) for _ in range(CONNECTIONS))}
        self._poll = select.epoll()
        for number in self._lines:
            self._poll.register(number, select.EPOLLIN)

    def _send(self, line: Line) -> None:
        self._next = (self._next + 1) % len(self._requests)
        line.socket.sendall(self._requests[self._next])

    def as_fast_as_answered(self, seconds: float) -> float:
        """Return requests a second: each connection sends again as soon as it was answered."""
        began = time.perf_counter()
        for line in self._lines.values():
            self._send(line)
        answered = 0
        while (took_s := time.perf_counter() - began) < seconds:
            for number, _ in self._poll.poll(0.1):
                if self._lines[number].answered():
                    answered += 1
                    self._send(self._lines[number])
        self._let_all_answer(CONNECTIONS)
        return answered / took_s

    def on_schedule(self, per_s: float, seconds: float) -> list[float]:
        """Return how long each request waited, in ms, when so many are sent a second whatever the answers do."""
        began, waits = time.perf_counter(), list[float]()
        due = [began + number / per_s for number in range(int(per_s * seconds))]
        heapq.heapify(due)
        idle, busy = list(self._lines.values()), dict[int, float]()
        while due or busy:
            now = time.perf_counter()
            while due and idle and due[0] <= now:
                line = idle.pop()
                busy[line.socket.fileno()] = heapq.heappop(due)
                self._send(line)
            pause_s = max(0.0, due[0] - time.perf_counter()) if due and idle else 0.1
            for number, _ in self._poll.poll(pause_s):
                if self._lines[number].answered():
                    waits.append((time.perf_counter() - busy.pop(number)) * 1000)
                    idle.append(self._lines[number])
        return sorted(waits)

    def _let_all_answer(self, waiting: int) -> None:
        while waiting:
            for number, _ in self._poll.poll(1):
                waiting -= self._lines[number].answered()

    def close(self) -> None:
        for line in self._lines.values():
            line.socket.close()


def serve(folder: Path, name: str, listening: socket.socket) -> None:
    """Answer as one web process of a shop does."""
    import uvicorn

    from regulars.events.door import Door
    from regulars.events.keys import Keys
    from regulars.kernel.clock import SystemClock
    from regulars.kernel.eventlog import open_log
    from regulars.kernel.headroom import Headroom
    from regulars.web.one_write import OneWriteProtocol

    clock = SystemClock()
    headroom = Headroom(folder, clock, bytes_min=256_000_000)
    door = Door(open_log(folder / "log", name), Keys(folder, clock), clock, headroom=headroom)
    config = uvicorn.Config(
        door, log_level="error", access_log=False, lifespan="off", loop="uvloop", http=OneWriteProtocol
    )
    print("open", flush=True)
    uvicorn.Server(config).run(sockets=[listening])


class Doors:
    """Some web processes on one listening socket."""

    def __init__(self, folder: Path, workers: int) -> None:
        from regulars.events.keys import KeyedSource, write_keys
        from regulars.kernel.ids import SourceId

        folder.mkdir()
        write_keys(folder, [KeyedSource(SourceId("s1"), "Bench", "server", KEY, True)])
        self._folder = folder
        listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        self._processes = [self._process(folder, number, listening) for number in range(workers)]
        for process in self._processes:
            assert process.stdout is not None, "it was asked for"
            process.stdout.readline()
        listening.close()
        self._watched = [psutil.Process(process.pid) for process in self._processes]

    def _process(self, folder: Path, number: int, listening: socket.socket) -> subprocess.Popen[str]:
        handle = listening.fileno()
        command = [sys.executable, __file__, "--serve", str(folder), "--name", f"web-{number}", "--socket", str(handle)]
        return subprocess.Popen(command, pass_fds=[handle], stdout=subprocess.PIPE, text=True)

    def cpu_s(self) -> list[float]:
        return [sum(watched.cpu_times()[:2]) for watched in self._watched]

    def records(self) -> list[int]:
        from regulars.kernel.eventlog import open_log

        log = open_log(self._folder / "log")
        found = [log.end(partition) for partition in log.partitions()]
        log.close()
        return found

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)


@contextmanager
def doors(place: Path, workers: int) -> Iterator[Doors]:
    opened = Doors(place, workers)
    try:
        yield opened
    finally:
        opened.close()


def in_another_process(port: int, events: int, *options: str) -> list[float]:
    command = [sys.executable, __file__, "--load", str(port), "--events", str(events), *options]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[float] = json.loads(told.stdout)
    return found


def fastest(opened: Doors, events: int, seconds: float) -> dict[str, float]:
    """Return requests a second by the wall and by CPU time, how busy the machine was, and the busiest door's share."""
    before, records = opened.cpu_s(), opened.records()
    psutil.cpu_times_percent()  # what comes next is measured from here
    (per_s, load_cpu_s) = in_another_process(opened.port, events, "--seconds", str(seconds))
    busy = psutil.cpu_times_percent()
    cpu_s = [now - then for now, then in zip(opened.cpu_s(), before, strict=True)]
    after = opened.records()
    taken = [now - then for now, then in zip(after, [*records, *([0] * len(after))], strict=False)]
    return {
        "per_s": per_s,
        "per_cpu_s": sum(taken) / sum(cpu_s),
        "server_cores": sum(cpu_s) / seconds,
        "load_cores": load_cpu_s / seconds,
        "idle_percent": busy.idle,
        "share": max(taken) / sum(taken),
    }


def say(name: str, value: float, unit: str, better: str, reference: tuple[str, float], **more: object) -> None:
    line = {"name": name, "value": round(value, 2), "unit": unit, "better": better,
            "reference": {"name": reference[0], "value": round(reference[1], 2)},
            "ratio": round(value / reference[1], 2)}  # fmt: skip
    print(json.dumps({**line, **more}), flush=True)


def what(events: int) -> str:
    return f"batches of {events}" if events > 1 else "single events"


def bench(rounds: int, seconds: float) -> None:
    with (
        tempfile.TemporaryDirectory() as place,
        doors(Path(place) / "one", 1) as one,
        doors(Path(place) / "two", 2) as two,
    ):
        for events in KINDS:
            measured: dict[int, list[dict[str, float]]] = {1: [], 2: []}
            for _ in range(rounds):
                for workers, opened in ((1, one), (2, two)):
                    measured[workers].append(fastest(opened, events, seconds))
            _report_scaling(events, measured)
            _report_waits(one, events, statistics.median(row["per_s"] for row in measured[1]), rounds, seconds)


def _report_scaling(events: int, measured: dict[int, list[dict[str, float]]]) -> None:
    def middle(workers: int, name: str) -> float:
        return statistics.median(row[name] for row in measured[workers])

    more = {name: round(middle(2, name), 2) for name in ("server_cores", "load_cores", "idle_percent", "share")}
    say(f"two web processes, {what(events)}, by the wall", middle(2, "per_s") * events, "events/s", "higher",
        ("one web process", middle(1, "per_s") * events), cores=os.cpu_count(), **more)  # fmt: skip
    # What the same CPU time would give with a core for each process: the wall cannot show it while the load needs one.
    busiest = 1 / (2 * middle(2, "share"))
    say(f"two web processes, {what(events)}, were there a core for each", 2 * middle(2, "per_cpu_s") * busiest * events,
        "events/s", "higher", ("one web process", middle(1, "per_cpu_s") * events))  # fmt: skip


def _report_waits(opened: Doors, events: int, per_s: float, rounds: int, seconds: float) -> None:
    rows = [
        in_another_process(opened.port, events, "--seconds", str(seconds), "--per-s", str(per_s / 2))
        for _ in range(rounds)
    ]
    for place, share in enumerate(("median", "p99", "p99.9")):
        own = statistics.median(row[place] for row in rows)
        say(f"wait at half of the maximum, {what(events)}, {share}", own, "ms", "lower",
            ("promised p99", 25.0), events_per_s=round(per_s / 2 * events))  # fmt: skip


def load(port: int, events: int, seconds: float, per_s: float) -> None:
    """Run one load in this process and print what came of it."""
    sending, began = Load(port, events), time.process_time()
    if per_s:
        waits = sending.on_schedule(per_s, seconds)
        print(json.dumps([waits[int(len(waits) * share)] for share in (0.5, 0.99, 0.999)]))
    else:
        answered: Callable[[float], float] = sending.as_fast_as_answered
        print(json.dumps([answered(seconds), time.process_time() - began]))
    sending.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--name")
    parser.add_argument("--socket", type=int)
    parser.add_argument("--load", type=int, metavar="PORT")
    parser.add_argument("--events", type=int, default=1)
    parser.add_argument("--per-s", type=float, default=0.0)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.name, socket.socket(fileno=asked.socket))
    elif asked.load:
        load(asked.load, asked.events, asked.seconds, asked.per_s)
    else:
        bench(asked.rounds, asked.seconds)


if __name__ == "__main__":
    main()
