"""What is played: a catalogue, a past that is replayed quickly, and a life that goes on.

A recording is shifted by whole days, so that its past ends today and its hours stay true; each call then carries
`recorded_at`, its own moment. A simulation needs no shift: it begins some weeks ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

import msgspec

from regulars.catalog import Item
from regulars.kernel.clock import moment
from regulars.kernel.errors import InvalidError
from regulars.testing.demo.movielens import read_movielens
from regulars.testing.demo.options import DemoOptions
from regulars.testing.demo.recordings import Recording, read_catalogue, read_log
from regulars.testing.simulator import Call, World
from regulars.testing.simulator.visits import DAY_US

PAST_SHARE = 0.9  # of a recording; the rest is kept for the living part
PAST_DAYS = {"music": 14, "store": 28}
SIMULATED_TERMS = "Everything here is simulated: people, songs and products are invented."

Say = Callable[[str], None]


@dataclass(slots=True)
class Plan:
    """What is played. `calls` is the whole stream, past first; the first `past_calls` of it are the past.

    `past_calls` is None where only the moment `now` divides past and life. `world` reacts to slates; a recording has
    none, its people did what they did.
    """

    items: list[Item]
    calls: Iterator[Call]
    terms: str
    simulated: bool
    past_calls: int | None = None
    started_us: int = 0
    world: World | None = None
    notes: list[str] = field(default_factory=list)

    def past(self, now_us: int) -> Iterator[Call]:
        """Walk the past; afterwards `calls` goes on with life."""
        if self.past_calls is not None:
            return islice(self.calls, self.past_calls)
        return self._until(now_us)

    def _until(self, now_us: int) -> Iterator[Call]:
        for call in self.calls:
            yield call
            if call.at_us >= now_us:
                return  # at most one call reaches the present


def plan_for(name: str, options: DemoOptions, now_us: int, say: Say, started_us: int | None = None) -> Plan:
    """Return what a demo plays.

    Parameters
    ----------
    name
        `video`, `music` or `store`.
    options
        What the person said.
    now_us
        The present moment.
    say
        Told what takes a while.
    started_us
        Where the stream began in an earlier run, to go on with the same one.

    Raises
    ------
    InvalidError
        When the options do not fit the demo.

    """
    _check(name, options)
    if name == "video":
        return _recorded(read_movielens(options.data, say=say), options, now_us, started_us)
    if options.log is not None:
        say(f"Reading {options.log} …")
        return _recorded(read_log(options.preset, name, options.log), options, now_us, started_us)
    items, terms = None, SIMULATED_TERMS
    if options.catalog is not None:
        items, catalogue_terms = read_catalogue(options.preset, name, options.catalog)
        terms = f"The people are simulated; the catalogue is real. {catalogue_terms}"
    return _simulated(name, options, now_us, started_us, items, terms)


def _check(name: str, options: DemoOptions) -> None:
    if name == "video" and (options.catalog or options.log or options.preset):
        raise InvalidError(
            "The video demo plays MovieLens-100K; --catalog, --log and --preset are for music and store."
        )
    if name != "video" and options.data:
        raise InvalidError("--data is for the video demo; give music and store a --catalog or a --log.")
    if options.preset and not (options.catalog or options.log):
        raise InvalidError("--preset tells the form of a file: give the file with --catalog or --log.")


def _recorded(recording: Recording, options: DemoOptions, now_us: int, started_us: int | None) -> Plan:
    calls = recording.calls
    past = min(options.events or len(calls), int(len(calls) * PAST_SHARE)) if options.fast_forward else 0
    shift_us = _whole_days(now_us - calls[max(past - 1, 0)].at_us)
    if started_us is not None:
        shift_us = started_us - calls[0].at_us
    notes = [f"{recording.skipped:,} rows of the log made no sense and were left out."] if recording.skipped else []
    return Plan(
        items=recording.items,
        calls=iter([_shifted(call, shift_us) for call in calls]),
        terms=recording.terms,
        simulated=False,
        past_calls=past,
        started_us=calls[0].at_us + shift_us,
        notes=notes,
    )


def _whole_days(span_us: int) -> int:
    return span_us // DAY_US * DAY_US


def _shifted(call: Call, shift_us: int) -> Call:
    properties = call.properties
    if call.kind == "track":
        properties = {**properties, "recorded_at": moment(call.at_us).isoformat()}
    return msgspec.structs.replace(call, at_us=call.at_us + shift_us, properties=properties)


def _simulated(
    name: str, options: DemoOptions, now_us: int, started_us: int | None, items: Sequence[Item] | None, terms: str
) -> Plan:
    if started_us is None:
        back_us = PAST_DAYS[name] * DAY_US
        if options.events is not None:
            back_us = _moment_of_call(World(name, options.seed, items=items), options.events)
        started_us = _whole_days(now_us - back_us) if options.fast_forward else now_us
    world = World(name, options.seed, items=items)
    return Plan(
        items=list(items or world.items),
        calls=world.calls(started_us),
        terms=terms,
        simulated=True,
        past_calls=options.events if options.fast_forward else 0,
        started_us=started_us,
        world=world,
    )


def _moment_of_call(world: World, number: int) -> int:
    """Return how long after its beginning a world makes its n-th call."""
    last = 0
    for call in islice(world.calls(0), number):
        last = call.at_us
    return last


def spoken_span(span_us: int) -> str:
    """Return a span of time in days, as one says it.

    >>> spoken_span(3 * DAY_US)
    '3 days'
    """
    return f"{timedelta(microseconds=span_us).days:,} days"


__all__ = ["Plan", "plan_for", "spoken_span"]
