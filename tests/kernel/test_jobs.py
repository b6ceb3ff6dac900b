"""Jobs run when they are due, once at a time, are tried again, taken up again, stopped and seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text

from regulars.kernel.clock import WoundClock
from regulars.kernel.database import Database
from regulars.kernel.errors import DiskFullError, InvalidError, NotFoundError
from regulars.kernel.jobs import MIGRATIONS, Job, JobRun, Jobs, JobState, JobStopped
from regulars.kernel.sayings import Saying, Value, said

Make = Callable[[], Jobs]


@pytest.fixture
def make_jobs(database: Database, clock: WoundClock) -> Make:
    """Return what makes the jobs of one more process."""
    database.migrate(MIGRATIONS)
    return lambda: Jobs(database, clock)


@pytest.fixture
def jobs(make_jobs: Make) -> Jobs:
    return make_jobs()


def test_a_job_runs_when_somebody_asks_and_gets_its_arguments(jobs: Jobs) -> None:
    seen: list[object] = []
    jobs.define(Job("train", lambda run: seen.append(run.args)))
    run_id = jobs.start("train", {"engine": "ease", "seeds": [1, 2]})
    assert jobs.find(run_id).state is JobState.QUEUED
    assert jobs.run_due() == 1
    assert seen == [{"engine": "ease", "seeds": [1, 2]}]
    assert jobs.find(run_id).state is JobState.DONE
    assert jobs.run_due() == 0


def test_asking_twice_for_the_same_waits_once(jobs: Jobs) -> None:
    jobs.define(Job("train", lambda _: None))
    first = jobs.start("train", {"engine": "ease", "fast": True})
    assert jobs.start("train", {"fast": True, "engine": "ease"}) == first
    assert jobs.start("train", {"engine": "als"}) != first
    assert jobs.run_due() == 2


def test_an_unknown_job_is_refused_with_the_nearest_name(jobs: Jobs) -> None:
    jobs.define(Job("train", lambda _: None))
    with pytest.raises(NotFoundError, match="Nearest: 'train'"):
        jobs.start("trian")
    with pytest.raises(ValueError, match="defined already"):
        jobs.define(Job("train", lambda _: None))
    with pytest.raises(NotFoundError):
        jobs.find("no such run")


def test_a_scheduled_job_starts_by_itself_and_at_most_so_often(jobs: Jobs, clock: WoundClock) -> None:
    ran: list[int] = []
    jobs.define(Job("flush", lambda _: ran.append(clock.now_us()), every_s=60))
    assert jobs.run_due() == 1
    clock.wind(timedelta(seconds=59))
    assert jobs.run_due() == 0
    clock.wind(timedelta(seconds=1))
    assert jobs.run_due() == 1
    clock.wind(timedelta(days=3))
    assert jobs.run_due() == 1  # what was missed while nobody ran is not made up for
    assert jobs.run_due() == 0
    assert len(ran) == 3


def test_a_scheduled_job_that_is_not_wanted_leaves_no_run(jobs: Jobs, clock: WoundClock) -> None:
    wanted: list[bool] = []
    jobs.define(Job("flush", lambda _: None, every_s=5, wanted=lambda: bool(wanted)))
    clock.wind(timedelta(minutes=1))
    assert jobs.run_due() == 0
    assert jobs.list_runs().items == []
    wanted.append(True)
    assert jobs.run_due() == 1


def test_a_job_never_has_two_runs_at_a_time(make_jobs: Make, clock: WoundClock) -> None:
    inside = threading.Event()
    leave = threading.Event()
    one, other = make_jobs(), make_jobs()
    ran: list[str] = []

    def slow(run: JobRun) -> None:
        ran.append(run.args["who"])
        inside.set()
        assert leave.wait(30)

    for jobs in (one, other):
        jobs.define(Job("train", slow))
    one.start("train", {"who": "first"})
    clock.wind(timedelta(seconds=1))
    other.start("train", {"who": "second"})
    thread = threading.Thread(target=one.run_due)
    thread.start()
    assert inside.wait(30)
    assert other.run_due() == 0
    leave.set()
    thread.join(30)
    other.run_due()
    assert ran == ["first", "second"]


def test_many_processes_run_each_waiting_run_once(make_jobs: Make) -> None:
    ran: list[int] = []
    processes = [make_jobs() for _ in range(4)]
    for jobs in processes:
        for number in range(8):
            jobs.define(Job(f"job-{number}", lambda run: ran.append(run.args["number"])))
    for number in range(8):
        processes[0].start(f"job-{number}", {"number": number})
    threads = [threading.Thread(target=jobs.run_due) for jobs in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for jobs in processes:
        jobs.run_due()
    assert sorted(ran) == list(range(8))


def test_a_failed_run_is_tried_again_ever_later_and_then_given_up(jobs: Jobs, clock: WoundClock) -> None:
    attempts: list[int] = []

    def fail(run: JobRun) -> None:
        attempts.append(run.attempt)
        raise DiskFullError("No room is left for the model.")

    jobs.define(Job("train", fail, retries=2, backoff_s=10))
    run_id = jobs.start("train")
    jobs.run_due()
    assert (jobs.find(run_id).state, jobs.find(run_id).error) == (JobState.QUEUED, "No room is left for the model.")
    clock.wind(timedelta(seconds=9))
    assert jobs.run_due() == 0
    clock.wind(timedelta(seconds=1))
    assert jobs.run_due() == 1
    clock.wind(timedelta(seconds=19))
    assert jobs.run_due() == 0
    clock.wind(timedelta(seconds=1))
    assert jobs.run_due() == 1
    assert (jobs.find(run_id).state, attempts) == (JobState.FAILED, [1, 2, 3])
    clock.wind(timedelta(days=1))
    assert jobs.run_due() == 0


def test_a_failed_run_says_its_error_by_a_code_too_and_a_later_one_that_goes_well_says_none(
    jobs: Jobs, clock: WoundClock
) -> None:
    def fail_once(run: JobRun) -> None:
        if run.attempt == 1:
            raise DiskFullError(said("file_no_room", "No room is left to write {file!r}.", file="model"))

    jobs.define(Job("train", fail_once))
    run_id = jobs.start("train")
    jobs.run_due()
    found = jobs.find(run_id)
    assert (found.error, found.error_said) == (
        "No room is left to write 'model'.",
        Saying("file_no_room", {"file": "model"}),
    )
    clock.wind(timedelta(seconds=10))
    jobs.run_due()
    assert (jobs.find(run_id).error, jobs.find(run_id).error_said) == (None, None)


def test_any_exception_is_the_runs_failure_alone(jobs: Jobs) -> None:
    def fail(_: JobRun) -> None:
        raise ZeroDivisionError("division by zero\nsecond line")

    jobs.define(Job("broken", fail, retries=0))
    jobs.define(Job("sound", lambda _: None))
    broken, sound = jobs.start("broken"), jobs.start("sound")
    assert jobs.run_due() == 2
    assert jobs.find(broken).error == "ZeroDivisionError: division by zero"
    values: dict[str, Value] = {"kind": "ZeroDivisionError", "why": "division by zero"}
    assert jobs.find(broken).error_said == Saying("job_stumbled", values)
    assert jobs.find(sound).state is JobState.DONE


def test_a_run_whose_process_died_is_taken_up_from_its_checkpoint(make_jobs: Make, clock: WoundClock) -> None:
    died, alive = make_jobs(), make_jobs()
    parts: list[int] = []

    def work(run: JobRun) -> None:
        for part in range(run.state["next"] if run.state else 0, 4):
            parts.append(part)
            run.checkpoint({"next": part + 1})
            if part == 1 and run.attempt == 1:
                raise KeyboardInterrupt  # nothing of ours catches it, as nothing catches kill -9

    for jobs in (died, alive):
        jobs.define(Job("train", work))
    run_id = died.start("train")
    with pytest.raises(KeyboardInterrupt):
        died.run_due()
    assert alive.run_due() == 0
    assert alive.find(run_id).state is JobState.RUNNING
    clock.wind(timedelta(seconds=31))
    alive.run_due()
    assert "went away" in (alive.find(run_id).error or "")
    clock.wind(timedelta(seconds=10))
    assert alive.run_due() == 1
    assert (parts, alive.find(run_id).state) == ([0, 1, 2, 3], JobState.DONE)


def test_work_that_gets_further_each_time_is_not_given_up_and_work_that_does_not_is(
    make_jobs: Make, clock: WoundClock, database: Database
) -> None:
    def die(run: JobRun) -> None:
        step = run.state or 0
        if step < 9:
            run.checkpoint(step + 1)  # then its process dies: nobody says how it ended
        if step < 10:
            raise KeyboardInterrupt

    run_id = ""
    for _ in range(30):
        jobs = make_jobs()
        jobs.define(Job("copy", die, retries=3, backoff_s=0))
        run_id = run_id or jobs.start("copy")
        with suppress(KeyboardInterrupt):
            jobs.run_due()
        clock.wind(timedelta(seconds=31))
    found = jobs.find(run_id)
    assert (found.state, found.attempt) == (JobState.FAILED, 4)
    with database.read() as connection:
        kept = connection.execute(text("SELECT checkpoint FROM kernel_job_runs")).scalar_one()
    assert kept == "9", "nine steps, each of which ended a process, then four tries of the tenth"


def test_a_run_that_was_taken_over_can_change_nothing_any_more(make_jobs: Make, clock: WoundClock) -> None:
    stalled, other = make_jobs(), make_jobs()
    stopped: list[str] = []

    def stall(run: JobRun) -> None:
        clock.wind(timedelta(minutes=5))  # as if the whole process had been frozen
        other.run_due()
        try:
            run.checkpoint({"by": "stalled"})
        except JobStopped as stop:
            stopped.append(stop.why)
            raise

    stalled.define(Job("train", stall))
    other.define(Job("train", lambda _: None, retries=5, backoff_s=0))
    run_id = stalled.start("train")
    stalled.run_due()
    assert stopped == ["taken over"]
    other.run_due()
    assert other.find(run_id).state is JobState.DONE


def test_progress_is_seen_while_a_run_is_under_way(jobs: Jobs) -> None:
    seen: list[tuple[int, int | None, str]] = []

    def work(run: JobRun) -> None:
        run.progress(3, 10, "folding")
        shown = jobs.find(run.job_run_id).progress
        seen.append((shown.done, shown.total, shown.note))

    jobs.define(Job("train", work))
    run_id = jobs.start("train")
    jobs.run_due()
    assert seen == [(3, 10, "folding")]
    assert jobs.find(run_id).progress.note == "folding"


def test_progress_of_a_million_steps_costs_few_writes(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    monkeypatch.setattr(jobs, "keep", lambda _, progress: kept.append(progress.done))

    def work(run: JobRun) -> None:
        for step in range(5001):
            run.progress(step, 5000)

    jobs.define(Job("train", work))
    jobs.start("train")
    jobs.run_due()
    assert kept == [0, 5000]


def test_a_waiting_run_is_cancelled_at_once_and_a_running_one_at_its_next_step(jobs: Jobs, clock: WoundClock) -> None:
    steps: list[int] = []

    def work(run: JobRun) -> None:
        for step in range(10):
            if step == 2:
                jobs.cancel(run.job_run_id)
            clock.wind(timedelta(seconds=1))
            run.progress(step, 10)
            steps.append(step)

    jobs.define(Job("train", work))
    waiting = jobs.start("train", {"engine": "als"})
    assert jobs.cancel(waiting).state is JobState.CANCELLED
    running = jobs.start("train")
    jobs.run_due()
    assert (jobs.find(running).state, steps) == (JobState.CANCELLED, [0, 1])
    assert jobs.cancel(running).state is JobState.CANCELLED
    assert jobs.run_due() == 0


def test_shutting_down_puts_a_run_back_without_counting_an_attempt(jobs: Jobs) -> None:
    stop = threading.Event()
    attempts: list[int] = []

    def work(run: JobRun) -> None:
        attempts.append(run.attempt)
        if not stop.is_set():
            run.checkpoint({"half": True})
            stop.set()
            run.progress(1, 2)
        assert run.state == {"half": True}

    jobs.define(Job("train", work, retries=0))
    run_id = jobs.start("train")
    jobs.run_due(stop)
    assert jobs.find(run_id).state is JobState.QUEUED
    assert jobs.run_due(stop) == 0
    assert jobs.run_due() == 1
    assert (attempts, jobs.find(run_id).state) == ([1, 1], JobState.DONE)


def test_a_checkpoint_goes_with_the_work_of_its_transaction(jobs: Jobs, database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("CREATE TABLE shelves (jars BIGINT)"))

    def work(run: JobRun) -> None:
        assert run.state is None
        with database.write() as connection:
            connection.execute(text("INSERT INTO shelves VALUES (1)"))
            run.checkpoint({"filled": 1}, connection)
            raise OSError("the lights went out")

    jobs.define(Job("fill", work, retries=1, backoff_s=0))
    jobs.start("fill")
    jobs.run_due()
    jobs.run_due()
    with database.read() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM shelves")).scalar_one() == 0


def test_runs_are_listed_newest_first_page_by_page(jobs: Jobs, clock: WoundClock) -> None:
    jobs.define(Job("train", lambda _: None))
    jobs.define(Job("flush", lambda _: None))
    ids = []
    for number in range(5):
        ids.append(jobs.start("train", {"number": number}))
        clock.wind(timedelta(seconds=number % 2))
    jobs.start("flush")
    first = jobs.list_runs(job="train", limit=3)
    second = jobs.list_runs(job="train", limit=3, cursor=first.next_cursor)
    listed = [run.job_run_id for run in (*first.items, *second.items)]
    assert sorted(listed) == sorted(ids)
    assert [run.queued_at for run in (*first.items, *second.items)] == sorted(
        (run.queued_at for run in (*first.items, *second.items)), reverse=True
    )
    assert second.next_cursor is None
    assert len(jobs.list_runs().items) == 6
    with pytest.raises(InvalidError):
        jobs.list_runs(cursor="no cursor!")


def test_old_finished_runs_are_forgotten(jobs: Jobs, monkeypatch: pytest.MonkeyPatch, clock: WoundClock) -> None:
    monkeypatch.setattr("regulars.kernel.jobs.service.RUNS_KEPT", 3)
    jobs.define(Job("flush", lambda _: None))
    for _ in range(6):
        jobs.start("flush")
        clock.wind(timedelta(seconds=1))
        jobs.run_due()
    assert len(jobs.list_runs().items) == 3


def test_the_runner_stops_when_told_and_survives_a_missing_database(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    calls: list[int] = []

    def run_due(_: threading.Event) -> int:
        calls.append(1)
        if len(calls) == 1:
            raise DiskFullError("The disk is full.")
        stop.set()
        return 0

    monkeypatch.setattr(jobs, "run_due", run_due)
    jobs.run(stop, poll_s=0.001)
    assert len(calls) == 2
    assert "The disk is full." in caplog.text


def test_an_error_that_another_try_would_say_again_ends_the_run_at_once(jobs: Jobs) -> None:
    def refuse(_run: JobRun) -> None:
        raise LookupError("nobody is there")

    jobs.define(Job("ask", refuse, retries=3, final=(LookupError,)))
    run_id = jobs.start("ask")
    assert jobs.run_due() == 1
    status = jobs.find(run_id)
    assert (status.state, status.attempt) == (JobState.FAILED, 1)
    assert jobs.run_due() == 0


@pytest.mark.parametrize("wrong", [{"name": ""}, {"every_s": 0}, {"retries": -1}, {"backoff_s": -1.0}])
def test_a_nonsensical_job_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"name|starts by itself|at least 0"):
        Job(**{"name": "train", "run": print, **wrong})  # type: ignore[arg-type]  # nonsense is the point
