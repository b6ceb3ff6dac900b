"""A demo from an empty folder to a living shop: make it, serve it, replay the past, learn, live."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import FrameType

from regulars.app import open_shop
from regulars.app.shop import Shop
from regulars.kernel.clock import SystemClock
from regulars.kernel.ids import SourceId
from regulars.testing.demo import checking
from regulars.testing.demo.api import Api
from regulars.testing.demo.checking import Facts
from regulars.testing.demo.deliveries import deliver
from regulars.testing.demo.living import SPEEDS, Life
from regulars.testing.demo.old_app import OldApp
from regulars.testing.demo.opening import define_plan, define_slots, make_shop, sign_in_path
from regulars.testing.demo.options import DemoOptions, DemoState, load_state
from regulars.testing.demo.plans import Plan, plan_for
from regulars.testing.demo.saying import Saying, table
from regulars.testing.demo.sending import Sender, need_sdk, send_all
from regulars.testing.demo.serving import free_port, served
from regulars.testing.demo.till import import_till
from regulars.testing.simulator import Call, World

TRAIN_S_MAX = 300.0
REHEARSED_VISITS = 600
CHECKED_CALLS = 1_000  # of the living part, sent without waiting
ASKED_SLATES = 300  # timed one after the other
SAVE_EVERY = 50


class Demo:
    """One demo under way."""

    def __init__(self, name: str, options: DemoOptions, saying: Saying) -> None:
        self.name = name
        self.options = options
        self.saying = saying
        self.clock = SystemClock()
        self.folder = options.folder_of(name).expanduser().resolve()
        self.facts = Facts(demo=name, simulated=False)

    def run(self, stop: threading.Event) -> int:
        """Play until stopped, or once for `--check`; return the exit status."""
        state = load_state(self.folder, self.name)
        began_us = state.started_us if state else None
        plan = plan_for(self.name, self.options, self.clock.now_us(), self.saying.note, began_us)
        self.facts.simulated = plan.simulated
        for line in (plan.terms, *plan.notes):
            self.saying.note(line)
        if state is None:
            self.saying.note(f"Making the shop in {self.folder} with {len(plan.items):,} items …")
            state = make_shop(self.folder, self._new_state(plan), plan.items)
        with served(self.folder, free_port(self.options.port)) as url:
            sender = Sender(url, state.replay_key)
            api = Api(url, state.secret_key)
            old_app = OldApp(url, state.old_app_key) if state.old_app_key else None
            try:
                return self._play(plan, state, Life(api, sender, self.clock, plan.world, old_app), url, stop)
            finally:
                if old_app is not None:
                    old_app.close()
                api.close()

    def _new_state(self, plan: Plan) -> DemoState:
        return DemoState(
            demo=self.name,
            simulated=plan.simulated,
            write_key="",
            replay_key="",
            email="",
            password="",
            secret_key="",
            seed=self.options.seed,
            started_us=plan.started_us,
        )

    def _play(self, plan: Plan, state: DemoState, life: Life, url: str, stop: threading.Event) -> int:
        if not state.past_sent:
            self._past(plan, state, life)
        else:
            self.saying.note(f"Going on where the last run ended, after {state.sent:,} events …")
            for _ in islice(plan.calls, state.sent):
                pass
        if self.options.check:
            return self._check(plan, state, life)
        self._welcome(state, url)
        self._live(plan, state, life, stop)
        return 0

    def _past(self, plan: Plan, state: DemoState, life: Life) -> None:
        past = plan.past(self.clock.now_us())
        began = time.monotonic()
        skipped = sum(1 for _ in islice(past, state.sent))  # an earlier run may have been stopped midway

        with self.saying.progress("Replaying the past through the door", plan.past_calls) as progress:

            def note(done: int) -> None:
                state.sent = skipped + done
                state.save(self.folder)
                progress(done)

            send_all(life.sender, life.watching(past), note)
        self.facts.fast_forward_s = time.monotonic() - began
        self.facts.events_per_s = (state.sent - skipped) / max(self.facts.fast_forward_s, 0.001)
        self.saying.note(f"{state.sent:,} events in {self.facts.fast_forward_s:.1f} s.")
        with self._reading() as shop:
            self.saying.note("Waiting for the worker …")
            self.facts.catch_up_s = checking.await_worker(shop)
        define_slots(life.api, self.name)
        self.saying.note(
            f"A tracking plan is inferred from the past: {define_plan(life.api)} events; it only observes."
        )
        self._train(life.api)
        if plan.world is not None:
            life.remember_old_app()
            self.saying.note(f"{REHEARSED_VISITS} people look in, and click by taste and place …")
            life.rehearse(REHEARSED_VISITS)
            state.extra_sent += life.extra_sent
            life.extra_sent = 0
            if self.name == "store":
                self._from_elsewhere(plan.world, state, life.api)
        state.past_sent = True
        state.save(self.folder)

    def _from_elsewhere(self, world: World, state: DemoState, api: Api) -> None:
        """Take the till's file in, and let the payment service deliver."""
        now_us = self.clock.now_us()
        if not api.get("/v1/imports")["items"]:
            self.saying.note("The till's receipts of two weeks are imported …")
            import_till(api, world, now_us)
        if not api.get("/v1/hooks"):
            self.saying.note("The payment service delivers refunds by a signed webhook; some cannot be told …")
            delivered = deliver(api, world, now_us)
            state.deliveries, state.deliveries_refused = delivered.taken + delivered.refused, delivered.refused

    def _train(self, api: Api) -> None:
        self.saying.note("Learning …")
        began = time.monotonic()
        run = api.post("/v1/recommend/train")
        ended = api.await_job(run["job_run_id"], TRAIN_S_MAX)
        self.facts.training_s = time.monotonic() - began
        if ended["state"] != "done":
            self.facts.problems.append(f"The training {ended['state']}: {ended.get('error') or 'no reason given'}.")

    @contextmanager
    def _reading(self) -> Iterator[Shop]:
        with open_shop(self.folder, partition=None) as shop:
            yield shop

    def _welcome(self, state: DemoState, url: str) -> None:
        enter = f"{url}{sign_in_path(self.folder, state.email)}"
        simulated = " Everything in it is simulated." if state.simulated else ""
        lines = [
            "",
            f"The shop is open and alive.{simulated}",
            f"  Walk in (signs you in)   {enter}",
            f"  Console                  {url}/  {state.email} · {state.password}",
            f"  Public page              {url}/demo/{self.name}",
            "Press Ctrl-C to close it; the next run goes on where this one ended.",
        ]
        told = {"url": url, "enter_url": enter, "page_url": f"{url}/demo/{self.name}"}
        self.saying.result(told | {"email": state.email, "password": state.password}, "\n".join(lines))

    def _live(self, plan: Plan, state: DemoState, life: Life, stop: threading.Event) -> None:
        self._go_on(plan.calls, state, life, stop, speed=self.options.speed or SPEEDS[self.name])
        if not stop.is_set():
            self.saying.note("The recording ends here. The shop stays open; press Ctrl-C to close it.")
            stop.wait()
        life.sender.close()

    def _go_on(
        self, calls: Iterable[Call], state: DemoState, life: Life, stop: threading.Event, *, speed: float
    ) -> None:
        extra_before = state.extra_sent

        def note() -> None:
            state.sent += 1
            state.extra_sent = extra_before + life.extra_sent
            if state.sent % SAVE_EVERY == 0:
                state.save(self.folder)

        life.go_on(calls, speed=speed, stop=stop, on_call=note)
        state.save(self.folder)

    def _check(self, plan: Plan, state: DemoState, life: Life) -> int:
        self.saying.note("Living a little, without waiting …")
        live = islice(plan.calls, CHECKED_CALLS)
        self._go_on(live, state, life, threading.Event(), speed=float("inf"))
        life.sender.flush()
        self._time_slates(life, plan)
        facts = self.facts
        facts.sent, facts.failed = state.sent + state.extra_sent, life.sender.failed
        facts.problems += [f"A slate was refused: {refusal}" for refusal in life.refusals]
        facts.slates, facts.slates_clicked = life.slates, life.clicks
        facts.recommend_ms_p50 = checking.quantile_ms(life.asked_ms, 0.5)
        facts.recommend_ms_p99 = checking.quantile_ms(life.asked_ms, 0.99)
        with self._reading() as shop:
            facts.catch_up_s += checking.await_worker(shop)
            sources = [SourceId(one.source_id) for one in shop.events.list_sources() if one.name == "Replay"]
            checking.counted(facts, shop, sources)
            facts.hook_deliveries, facts.hook_deliveries_refused = state.deliveries, state.deliveries_refused
            if plan.world is not None:
                checking.counted_coming_in(facts, shop, plan.world)
            self.saying.note("Evaluating, beside the baselines …")
            checking.evaluate(facts, shop, sources, self.folder / "interactions.csv")
        facts.problems += checking.contradictions(facts)
        life.sender.close()
        self._report()
        return 1 if facts.problems else 0

    def _time_slates(self, life: Life, plan: Plan) -> None:
        people = [person.user_id for person in plan.world.people] if plan.world else [str(n) for n in range(1, 944)]
        life.asked_ms.clear()
        for number in range(ASKED_SLATES):
            life.ask(people[number * 7 % len(people)], None)

    def _report(self) -> None:
        facts = self.facts
        parts = [table(facts.rows())]
        if facts.evaluation is not None:
            parts += [facts.evaluation.summary, table(facts.evaluation.rows())]
        parts += [f"BROKEN: {problem}" for problem in facts.problems] or ["The loop is whole."]
        self.saying.result(facts, "\n\n".join(parts))


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the demo in good order while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt  # asked twice: now
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(name: str, options: DemoOptions, saying: Saying | None = None) -> int:
    """Play a demo; return the exit status, 1 when `--check` found the loop broken.

    A check without a folder of its own plays in a fresh one and takes it away afterwards.
    """
    need_sdk()
    stop, said = threading.Event(), saying or Saying(as_json=options.as_json)
    with stopped_by_signals(stop), tempfile.TemporaryDirectory(prefix="regulars-check-") as fresh:
        if options.check and options.folder is None:
            options = replace(options, folder=Path(fresh) / name)
        return Demo(name, options, said).run(stop)
