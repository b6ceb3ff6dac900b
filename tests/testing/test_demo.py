"""What a demo plays, remembers and checks; the demos themselves are played by `regulars demo NAME --check`."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any  # Any: JSON

import httpx
import pytest

from regulars.app.http import build_web
from regulars.app.shop import Shop, open_shop
from regulars.kernel.clock import WoundClock, microseconds
from regulars.kernel.errors import ConflictError, InvalidError, NotInstalledError, UnavailableError
from regulars.recommend.evaluation.report import EvaluationReport, FigureShown, ModelShown
from regulars.testing.demo import DEMOS, DemoOptions, old_app, run_demo, sending
from regulars.testing.demo.api import Api
from regulars.testing.demo.checking import Facts, contradictions, quantile_ms
from regulars.testing.demo.living import SLOT, Life
from regulars.testing.demo.opening import EXPERIMENT, define_slots
from regulars.testing.demo.options import DemoState, load_state
from regulars.testing.demo.plans import Plan, plan_for
from regulars.testing.demo.saying import Saying
from regulars.testing.demo.till import till_file
from regulars.testing.simulator import Call, World
from regulars.testing.simulator.visits import DAY_US
from regulars.web.keys import Keys

NOW = microseconds(datetime(2026, 11, 22, 15, 30, tzinfo=UTC))


def quiet(_: str) -> None:
    """Say nothing."""


def write_log(folder: Path, rows: int = 40) -> Path:
    path = folder / "events.csv"
    lines = [f"{1_433_221_332_000 + number * 60_000},{number % 5},view,{number % 7}," for number in range(rows)]
    path.write_text("timestamp,visitorid,event,itemid,transactionid\n" + "\n".join(lines))
    return path


def test_a_simulated_past_ends_now_and_life_goes_on_from_there() -> None:
    plan = plan_for("music", DemoOptions(), NOW, quiet)
    past = list(plan.past(NOW))
    assert past[0].at_us > NOW - 15 * DAY_US
    assert all(call.at_us < NOW for call in past[:-1])
    assert plan.simulated
    following = next(plan.calls)
    assert following.at_us >= past[-1].at_us


def test_a_shorter_simulated_past_also_ends_about_now() -> None:
    plan = plan_for("store", DemoOptions(events=500), NOW, quiet)
    past = list(plan.past(NOW))
    assert len(past) == 500
    assert 0 <= NOW - past[-1].at_us < 3 * DAY_US


def test_the_same_stream_is_taken_up_again_from_where_it_began() -> None:
    first = plan_for("music", DemoOptions(seed=5), NOW, quiet)
    calls = list(islice(first.calls, 300))
    later = NOW + 3 * DAY_US
    again = plan_for("music", DemoOptions(seed=5), later, quiet, started_us=first.started_us)
    assert list(islice(again.calls, 300)) == calls


def test_a_recording_keeps_its_order_and_spacing_and_its_own_moments(tmp_path: Path) -> None:
    options = DemoOptions(log=write_log(tmp_path), preset="retailrocket")
    plan = plan_for("store", options, NOW, quiet)
    past = list(plan.past(NOW))
    assert len(past) == 36, "nine in ten; the rest is for the living part"
    assert 0 <= NOW - past[-1].at_us < DAY_US
    assert {after.at_us - before.at_us for before, after in pairwise(past)} == {60_000_000}
    assert past[0].properties["recorded_at"] == "2015-06-02T05:02:12+00:00"
    assert past[0].at_us % DAY_US == 1_433_221_332_000_000 % DAY_US, "hours of the day stay true"
    assert not plan.simulated
    assert len(list(plan.calls)) == 4


def test_without_fast_forward_everything_is_life(tmp_path: Path) -> None:
    options = DemoOptions(log=write_log(tmp_path), preset="retailrocket", fast_forward=False)
    plan = plan_for("store", options, NOW, quiet)
    assert list(plan.past(NOW)) == []
    assert len(list(plan.calls)) == 40


def test_people_of_a_real_catalogue_are_still_simulated_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "raw_tracks.csv"
    rows = "\n".join(f"{number},A{number % 9},Song {number},03:20,Folk" for number in range(60))
    path.write_text("track_id,artist_name,track_title,track_duration,track_genres\n" + rows)
    plan = plan_for("music", DemoOptions(catalog=path, preset="fma", events=400), NOW, quiet)
    played = {call.properties["asset_id"] for call in plan.past(NOW) if call.name == "Song Played"}
    assert played <= {str(number) for number in range(60)}
    assert len(played) > 20
    assert "people are simulated; the catalogue is real" in plan.terms


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("video", DemoOptions(log=Path("x")), "are for music and store"),
        ("music", DemoOptions(data=Path("x")), "--data is for the video demo"),
        ("store", DemoOptions(preset="otto"), "give the file with --catalog or --log"),
    ],
)
def test_options_that_do_not_fit_a_demo_are_refused(name: str, options: DemoOptions, sentence: str) -> None:
    with pytest.raises(InvalidError, match=sentence):
        plan_for(name, options, NOW, quiet)


def test_an_unknown_demo_is_refused_with_the_nearest_name() -> None:
    assert sorted(DEMOS) == ["music", "store", "video"]
    with pytest.raises(InvalidError, match="Nearest: 'music'"):
        run_demo("musik")


STATE = DemoState(
    demo="music",
    simulated=True,
    write_key="w",
    replay_key="r",
    email="e",
    password="p",
    secret_key="s",
    seed=1,
    started_us=5,
)


def test_a_demo_remembers_where_it_was_and_keeps_its_keys_to_its_owner(tmp_path: Path) -> None:
    assert load_state(tmp_path, "music") is None
    STATE.save(tmp_path)
    assert load_state(tmp_path, "music") == STATE
    assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0
    with pytest.raises(ConflictError, match="holds the music demo"):
        load_state(tmp_path, "store")
    (tmp_path / "demo.json").write_text("{")
    with pytest.raises(ConflictError, match="Remove the folder"):
        load_state(tmp_path, "music")


def test_a_real_shop_is_never_turned_into_a_demo(tmp_path: Path) -> None:
    (tmp_path / "state.db").touch()
    with pytest.raises(ConflictError, match="holds a shop that is no demo"):
        load_state(tmp_path, "music")


def whole() -> Facts:
    def model(name: str, value: float) -> ModelShown:
        figures = {"NDCG@10": FigureShown(value, value, value)}
        return ModelShown(model=name, is_baseline=False, settings={}, figures=figures, fit_s=0, query_ms=0)

    models = [model("blend", 0.2), model("popular", 0.1)]
    report = EvaluationReport(
        protocol="last-item", interactions=9, customers=9, items=9, questions=9, notes=[], models=models
    )
    return Facts(
        demo="music", simulated=True, sent=9, accepted=9, in_the_lake=9, customers=2, items=3, interactions=4, slates=1,
        till_rows=9, till_receipts=5, till_rows_refused=1, till_customers=4, till_customers_known_online=2,
        hook_deliveries=7, hook_deliveries_refused=1, hook_events=5, hook_dead_letters=1, evaluation=report,
    )  # fmt: skip


def test_a_whole_loop_has_no_contradictions() -> None:
    assert contradictions(whole()) == []


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"accepted": 8}, "9 events were sent, 8 accepted."),
        ({"in_the_lake": 10}, "9 events were accepted, 10 are in the lake."),
        ({"failed": 1}, "The SDK gave up on 1 events."),
        ({"rejected": 2}, "2 events were rejected."),
        ({"customers": 0}, "Nobody is known"),
        ({"items": 0}, "The catalogue is empty."),
        ({"interactions": 0}, "No event touched an item."),
        ({"slates": 0}, "No slate was answered."),
        ({"evaluation": None}, "Nothing was evaluated."),
        ({"till_rows_refused": 0}, "Of 9 rows of the till, 0 were refused."),
        ({"till_receipts": 0}, "Of 9 rows of the till, 1 were refused."),
        ({"till_customers_known_online": 0}, "0 of 4 at the till are known online."),
        ({"hook_events": 2}, "6 deliveries were taken, 2 told, 1 laid aside."),
        ({"hook_deliveries_refused": 0, "hook_events": 6}, "No delivery was refused"),
    ],
)
def test_every_broken_station_of_the_loop_is_named(broken: dict[str, Any], sentence: str) -> None:
    facts = whole()
    for name, value in broken.items():
        setattr(facts, name, value)
    assert any(sentence in problem for problem in contradictions(facts))


def test_a_demo_without_a_till_or_a_webhook_is_whole_as_well() -> None:
    facts = whole()
    for name in Facts.__struct_fields__:
        if name.startswith(("till_", "hook_")):
            setattr(facts, name, 0)
    assert contradictions(facts) == []


def test_the_till_gives_the_same_file_from_the_same_seed_with_people_of_the_web_shop_in_it() -> None:
    now_us = microseconds(datetime(2026, 11, 25, 9, tzinfo=UTC))
    file = till_file(World("store", 7), now_us)
    assert file == till_file(World("store", 7), now_us)
    rows = list(csv.DictReader(io.StringIO(file.decode())))
    emails = {person.traits["email"] for person in World("store", 7).people if person.signs_in}
    shown = [row for row in rows if row["card"]]
    assert 0 < len(shown) < len(rows)
    assert {row["email"] for row in shown} <= emails
    assert {row["date"] for row in rows if row["date"] == "??"}
    assert all(row["date"] < "2026-11-25" for row in rows if row["date"] != "??"), "every receipt is of the past"
    assert {row["product_id"] for row in rows} <= {item.item_id for item in World("store", 7).items}


def test_learning_that_is_no_better_than_popularity_is_a_broken_loop() -> None:
    facts = whole()
    assert facts.evaluation is not None
    facts.evaluation.models.reverse()
    names = [model.model for model in facts.evaluation.models]
    assert names == ["popular", "blend"]
    figures = facts.evaluation.models[1].figures
    figures["NDCG@10"] = FigureShown(0.05, 0.0, 0.1)
    assert contradictions(facts) == ["The blend (NDCG@10 0.0500) is no better than popular (0.1000)."]


def test_answer_times_are_told_by_the_share_they_do_not_exceed() -> None:
    assert quantile_ms([float(n) for n in range(1, 101)], 0.99) == 100.0
    assert quantile_ms([], 0.5) == 0.0


class FakeApi:
    """A shop that always shows the same slate, or refuses."""

    def __init__(self, item_ids: list[str], kind: str, *, refuses: bool = False) -> None:
        self.items = [{"item_id": one, "title": one, "item": {"kind": kind}} for one in item_ids]
        self.refuses = refuses
        self.asked: list[Any] = []

    def post(self, path: str, body: Any) -> Any:
        assert path == "/v1/recommend/slates"
        if self.refuses:
            raise UnavailableError("Not now.")
        self.asked.append(body)
        return {"slate_id": f"slate-{len(self.asked)}", "items": self.items}


class FakeSender:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.calls: list[tuple[Call, int | None]] = []

    def send(self, call: Call, at_us: int | None = None) -> None:
        self.calls.append((call, at_us))


def life(api: FakeApi, sender: FakeSender, world: World | None) -> Life:
    clock = WoundClock(datetime(2026, 11, 22, tzinfo=UTC))
    return Life(api, sender, clock, world)  # type: ignore[arg-type]  # both fakes have the methods that are used


def rated(number: int, film: str, at_us: int) -> Call:
    return Call(
        at_us=at_us, message_id=f"m-{number}", kind="track", name="Title Rated", user_id="7", anonymous_id=None,
        properties={"asset_id": film, "rating": 4}, context={},
    )  # fmt: skip


def test_what_a_person_really_took_counts_for_the_slate_it_stood_in() -> None:
    api, sender = FakeApi(["a", "b"], "video"), FakeSender()
    living = life(api, sender, None)
    for number, (film, at_us) in enumerate([("x", 0), ("b", 60_000_000), ("a", 2 * DAY_US)]):
        living.take(rated(number, film, at_us))
    assert [body["identifier"]["value"] for body in api.asked] == ["7", "7"], "one slate a visit"
    sent = [call.properties for call, _ in sender.calls]
    assert "slate_id" not in sent[0]
    assert (sent[1]["slate_id"], sent[1]["slot"], sent[1]["slate_position"]) == ("slate-1", SLOT, 2)
    assert sent[2]["slate_id"] == "slate-2"
    assert living.clicks == 2
    assert all(at_us == NOW // DAY_US * DAY_US for _, at_us in sender.calls), "it happens now"


def test_simulated_people_click_what_they_like_and_the_click_is_sent_beside_the_stream() -> None:
    world = World("music", 1)
    api, sender = FakeApi([item.item_id for item in world.items[:20]], "song"), FakeSender()
    living = life(api, sender, world)
    living.rehearse(400)
    assert living.slates == 400
    assert 5 <= living.clicks == living.extra_sent == len(sender.calls) <= 80
    call, _ = sender.calls[0]
    assert call.name == "Song Played"
    assert call.properties["asset_id"] == world.items[call.properties["slate_position"] - 1].item_id


def test_a_shop_that_cannot_recommend_still_takes_events_and_the_refusal_is_remembered() -> None:
    sender = FakeSender()
    living = life(FakeApi([], "video", refuses=True), sender, None)
    living.take(rated(1, "x", 0))
    assert len(sender.calls) == 1
    assert living.refusals == ["Not now."]


def test_life_stops_at_once_when_it_is_told_to() -> None:
    stop = threading.Event()
    sender = FakeSender()

    def calls() -> Iterator[Call]:
        yield rated(1, "a", 0)
        stop.set()
        yield rated(2, "b", 10**12)

    life(FakeApi(["a"], "video"), sender, None).go_on(calls(), speed=1.0, stop=stop)
    assert len(sender.calls) == 1


def test_programs_hear_one_json_object_and_people_lines() -> None:
    out, err = io.StringIO(), io.StringIO()
    saying = Saying(as_json=True, out=out, err=err)
    saying.note("working")
    saying.result({"sent": 3}, "sent 3")
    assert (out.getvalue(), err.getvalue()) == ('{"sent":3}\n', "")


def test_a_plan_divides_by_the_moment_when_no_number_of_calls_is_given() -> None:
    world = World("store", 2)
    plan = Plan(items=[], calls=world.calls(0), terms="", simulated=True)
    assert all(call.at_us < DAY_US for call in list(plan.past(DAY_US))[:-1])


def test_the_old_app_errs_in_every_way_that_the_console_has_a_page_for(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Call] = []
    monkeypatch.setattr(old_app, "Sender", lambda _url, _key: SimpleNamespace(send=sent.append))
    app = old_app.OldApp("http://127.0.0.1:1", "wk_old")
    for number in range(5):
        app.send(
            Call(
                at_us=0,
                message_id=f"m{number}",
                kind="track",
                name="Song Played",
                user_id="ann",
                anonymous_id=None,
                properties={"asset_id": "s1"},
                context={},
            ),
            NOW,
        )
    assert [call.user_id for call in sent] == ["ann", "ann", "ann", "", "ann", "ann"]
    assert {call.at_us for call in sent[:4]} == {NOW}
    assert sent[4].at_us >= NOW + 365 * DAY_US
    assert sent[5].message_id == sent[4].message_id
    assert sent[5].properties != sent[4].properties


def test_without_the_sdk_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "find_spec", lambda _name: None)
    with pytest.raises(NotInstalledError, match=r"pip install 'regulars\[demo\]'"):
        run_demo("music", DemoOptions(folder=tmp_path / "shop", check=True))
    assert not (tmp_path / "shop").exists()


class InMemory(Api):
    """The demo's API client, asking a shop's web in this very thread."""

    def __init__(self, shop: Shop) -> None:
        _, secret = Keys(database=shop.database, clock=shop.clock).make(name="Demo", role="admin", created_by="a test")
        self._transport = httpx.ASGITransport(app=build_web(shop).asgi)  # type: ignore[arg-type] # httpx's own words for the same protocol
        self._secret = secret

    def _ask(self, method: str, path: str, body: object) -> Any:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://shop.example") as client:
                return await client.request(
                    method, path, json=body, headers={"Authorization": f"Bearer {self._secret}"}
                )

        answer = asyncio.run(asked())
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()


@pytest.mark.parametrize("name", DEMOS)
def test_the_slots_of_each_demo_are_taken_by_the_shop_and_its_experiment_divides_customers(
    name: str, tmp_path: Path
) -> None:
    with open_shop(tmp_path / "shop", partition="web-0") as shop:
        api = InMemory(shop)
        define_slots(api, name)
        assert {slot["name"] for slot in api.get("/v1/recommend/slots")} >= {"home"}
        drawn = Counter(shop.experiments.assign(EXPERIMENT, "customer", f"c{place}").variant for place in range(200))
        assert set(drawn) == {"rules", "blend"}
