"""What every kind of destination promises, ours and others': it opens from its settings, and a repeat does no harm.

Subclass the contract of the kind's feed, say how the kind is made and what arrived over there; the tests come along.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any  # Any: settings and destinations are each kind's own

import msgspec
import pytest

from regulars.destinations import Answer, Hour, Kind, Outcome, Outgoing, Parcel, Row, Tools
from regulars.destinations.core.bodies import message_id_of
from regulars.destinations.core.shape import masked, schema_of, settings_from
from regulars.kernel.clock import SystemClock
from regulars.kernel.outbound import Outbound
from regulars.kernel.sayings import text_of

START_US = 1_790_856_000_000_000  # noon on 1 October 2026


class KindContract:
    """What holds for every feed. Override `kind` and `settings`, and `break_it` where the other side can fail."""

    folder: Path
    outbound: Outbound

    def kind(self) -> Kind:
        """Return the kind."""
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:  # Any: as above
        """Return settings that work, as the console sends them."""
        raise NotImplementedError

    def break_it(self) -> None:
        """Let the other side fail from now on."""
        pytest.skip("the other side of this kind cannot be made to fail")

    def tools(self) -> Tools:
        """Return what the kind is given."""
        return Tools(
            outbound=self.outbound,
            clock=SystemClock(),
            destination_id="0199a0c0-0000-7000-8000-000000000000",
            name="Contract",
            signing_keys=("whsec_" + "A" * 43 + "=",) if self.kind().signs else (),
            folder=str(self.folder),
        )

    def opened(self) -> Any:  # Any: as above
        """Return a destination of the kind."""
        return self.kind().open(settings_from(self.settings(), self.kind().settings), self.tools())

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> Iterator[None]:
        self.folder, self.outbound = tmp_path / "exports", Outbound("127.0.0.0/8")
        yield
        self.outbound.close()

    def test_its_settings_are_a_form_and_come_back_as_they_were(self) -> None:
        """The schema describes an object without references, and every secret in it can be hidden."""
        schema = schema_of(self.kind().settings)
        assert schema["type"] == "object"
        assert "$ref" not in msgspec.json.encode(schema).decode()
        taken = settings_from(self.settings(), self.kind().settings)
        assert settings_from(msgspec.to_builtins(taken), self.kind().settings) == taken
        masked(msgspec.to_builtins(taken), schema)

    def test_it_is_closed_as_often_as_somebody_likes(self) -> None:
        """Closing twice is no fault."""
        opened = self.opened()
        opened.close()
        opened.close()

    def test_a_test_says_how_it_went(self) -> None:
        """In a sentence, with what was said."""
        trial = self.opened().test()
        assert trial.works
        assert text_of(trial.sentence).endswith(".")

    def test_a_test_that_fails_says_so_and_does_not_raise(self) -> None:
        """The other side's faults are answers."""
        opened = self.opened()
        self.break_it()
        trial = opened.test()
        assert not trial.works
        assert trial.sentence


class EventsContract(KindContract):
    """Feed `events`. Override `arrived`."""

    def arrived(self) -> set[str]:
        """Return the `n` of every event that arrived, each once however often it came."""
        raise NotImplementedError

    def test_events_arrive_and_a_repeat_does_no_harm(self) -> None:
        """The same batch twice is the same events."""
        opened, batch = self.opened(), [outgoing("1")]
        for _ in range(2):
            assert good(opened.deliver(batch))
        assert good(opened.deliver([outgoing("2")]))
        assert self.arrived() == {"1", "2"}

    def test_a_failure_is_an_answer(self) -> None:
        """It is not raised, and says what happened."""
        opened = self.opened()
        self.break_it()
        bad(opened.deliver([outgoing("1")]))


class HoursContract(KindContract):
    """Feed `hours`. Override `hours`."""

    def hours(self) -> dict[str, list[str]]:
        """Return the names of the events of every whole hour, by its beginning in ISO form."""
        raise NotImplementedError

    def test_an_hour_is_whole_and_written_again_is_the_same(self) -> None:
        """Twice the same, and then without somebody."""
        opened = self.opened()
        for again in (False, True):
            assert good(opened.write(Hour(start_us=START_US, again=again), iter([table("a", "b"), table("c")])))
            assert self.hours() == {"2026-10-01T12": ["a", "b", "c"]}
        assert good(opened.write(Hour(start_us=START_US, again=True), iter([table("a"), table("c")])))
        assert self.hours() == {"2026-10-01T12": ["a", "c"]}

    def test_an_hour_without_events_is_whole_as_well(self) -> None:
        """A reader who waits for it must not wait for ever."""
        assert good(self.opened().write(Hour(start_us=START_US), iter([])))
        assert self.hours() == {"2026-10-01T12": []}

    def test_a_failure_is_an_answer_and_leaves_no_half_an_hour(self) -> None:
        """It is not raised."""
        opened = self.opened()
        self.break_it()
        bad(opened.write(Hour(start_us=START_US), iter([table("a")])))


class AudienceContract(KindContract):
    """Feed `audience`. Override `members`."""

    def members(self) -> set[str]:
        """Return whom the other side has now, by what they are known by."""
        raise NotImplementedError

    def test_members_come_and_go_and_a_repeat_does_no_harm(self) -> None:
        """Either everyone each time, or who came and who went."""
        opened = self.opened()
        word = "member" if opened.whole else "added"
        for run, rows in ((1, [("a", word), ("b", word)]), (2, [("b", word)] if opened.whole else [("a", "removed")])):
            for _ in range(2):
                told = [Row(change=how, values=self.values(opened, one)) for one, how in rows]  # type: ignore[arg-type] # one of the four words
                assert good(opened.send(Parcel(name=f"run-{run}", run=run, rows=told)))
        assert self.members() == {"b"}

    def test_a_failure_is_an_answer(self) -> None:
        """It is not raised."""
        opened = self.opened()
        self.break_it()
        values = self.values(opened, "a")
        bad(opened.send(Parcel(name="run-1", run=1, rows=[Row(change="added", values=values)])))

    def values(self, opened: Any, one: str) -> dict[str, str]:  # Any: as above
        """Return a member with every column the destination wants."""
        return {name: one if name == opened.key else "" for name in opened.columns}


def outgoing(number: str) -> Outgoing:
    """Return an event with a number in its properties."""
    event_id = f"web-0.{number}.0"
    return Outgoing(
        message_id=message_id_of("contract", event_id),
        event_id=event_id,
        name="Song Played",
        occurred_us=START_US,
        data=msgspec.json.encode({"event_id": event_id, "name": "Song Played", "properties": {"n": number}}),
    )


def table(*names: str) -> Any:  # Any: pyarrow has no types
    """Return events of history with these names."""
    from regulars.lake import LakeRow
    from regulars.lake.parquet import table_of

    return table_of(
        [
            LakeRow(
                event_id=f"web-0.{number}.0", source_id="web", message_id=name, call="track", name=name, user_id="ann",
                anonymous_id=None, previous_id=None, group_id=None, properties=b"{}", context=b"{}",
                occurred_us=START_US, received_us=START_US, original_us=None, sent_us=None, partition="web-0",
                offset=number, index=0,
            )
            for number, name in enumerate(names)
        ]
    )  # fmt: skip


def good(answer: Answer) -> bool:
    """Return whether it was delivered; a failure shows its sentence."""
    assert answer.outcome is Outcome.DELIVERED, answer.sentence
    return True


def bad(answer: Answer) -> None:
    """Make sure that it was not delivered, and says why."""
    assert answer.outcome is not Outcome.DELIVERED
    assert answer.sentence
