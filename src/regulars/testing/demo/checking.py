"""Is the loop whole? Facts of a demo that was played, and every way in which they contradict each other."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from regulars.app.lateness import lateness
from regulars.app.shop import Shop
from regulars.catalog import interactions_of
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.errors import UnavailableError
from regulars.kernel.ids import SourceId
from regulars.recommend.evaluation import EvaluationOptions, EvaluationReport, evaluate_file

CATCH_UP_S_MAX = 300.0
PAUSE_S = 0.1
OURS, BASELINE, METRIC = "blend", "popular", "NDCG@10"


class Facts(msgspec.Struct, kw_only=True):
    """What was played and what came of it. `problems` is empty when the loop is whole."""

    demo: str
    simulated: bool
    sent: int = 0
    failed: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    in_the_lake: int = 0
    customers: int = 0
    merges: int = 0
    items: int = 0
    interactions: int = 0
    fast_forward_s: float = 0.0
    events_per_s: float = 0.0
    catch_up_s: float = 0.0
    training_s: float = 0.0
    slates: int = 0
    slates_clicked: int = 0
    recommend_ms_p50: float = 0.0
    recommend_ms_p99: float = 0.0
    evaluation: EvaluationReport | None = None
    problems: list[str] = []

    def rows(self) -> list[dict[str, object]]:
        """Return the facts one by one."""
        skip = {"evaluation", "problems"}
        return [
            {"fact": name.replace("_", " "), "figure": _shown(getattr(self, name))}
            for name in self.__struct_fields__
            if name not in skip
        ]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def await_worker(shop: Shop, seconds_max: float = CATCH_UP_S_MAX) -> float:
    """Return how long it took until everything in the log has taken effect, in seconds.

    Raises
    ------
    UnavailableError
        When the worker stands still.

    """
    began = time.monotonic()
    while (late := lateness(shop)).records:
        if time.monotonic() - began > seconds_max:
            raise UnavailableError(f"The worker stands still: {late.records:,} records wait.")
        time.sleep(PAUSE_S)
    return time.monotonic() - began


def counted(facts: Facts, shop: Shop, source_ids: Sequence[SourceId]) -> None:
    """Fill in what the shop itself says."""
    from regulars.testing.demo.counting import counts

    found = counts(shop, source_ids)
    facts.accepted, facts.duplicates, facts.rejected = found.accepted, found.duplicates, found.rejected
    facts.in_the_lake, facts.customers, facts.merges = found.in_the_lake, found.customers, found.merges
    facts.interactions, facts.items = found.interactions, shop.catalog.summary().items


def contradictions(facts: Facts) -> list[str]:
    """Return a sentence for everything that does not add up."""
    found = []
    if facts.failed:
        found.append(f"The SDK gave up on {facts.failed:,} events.")
    if facts.accepted != facts.sent:
        found.append(f"{facts.sent:,} events were sent, {facts.accepted:,} accepted.")
    if facts.in_the_lake != facts.accepted:
        found.append(f"{facts.accepted:,} events were accepted, {facts.in_the_lake:,} are in the lake.")
    if facts.rejected:
        found.append(f"{facts.rejected:,} events were rejected.")
    if not facts.customers:
        found.append("Nobody is known: no customer was formed.")
    if not facts.items:
        found.append("The catalogue is empty.")
    if not facts.interactions:
        found.append("No event touched an item.")
    if not facts.slates:
        found.append("No slate was answered.")
    return found + _learning(facts)


def _learning(facts: Facts) -> list[str]:
    if facts.evaluation is None:
        return ["Nothing was evaluated."]
    scores = {one.model: one.figures[METRIC] for one in facts.evaluation.models if METRIC in one.figures}
    if not {OURS, BASELINE} <= scores.keys():
        return [f"The evaluation lacks {METRIC} of {OURS} or {BASELINE}; it has {', '.join(scores) or 'nothing'}."]
    ours, baseline = scores[OURS], scores[BASELINE]
    if ours.value > baseline.value:
        return []
    return [f"The {OURS} ({METRIC} {ours.value:.4f}) is no better than {BASELINE} ({baseline.value:.4f})."]


def write_interactions(shop: Shop, source_ids: Sequence[SourceId], path: Path) -> int:
    """Write who touched what and when, as the lake remembers it, for `evaluate`; return how many rows."""
    events = shop.lake.events()
    wanted = events.filter(events.source_id.isin([str(one) for one in source_ids]) & (events.call == "track"))
    columns = ("user_id", "anonymous_id", "name", "properties", "occurred_us", "message_id")
    found = shop.lake.query(wanted.select(*columns).order_by(["occurred_us", "message_id"]))
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "item", "at"])
        for batch in found.to_batches():
            for row in batch.to_pylist():
                for touched in interactions_of(row["name"], msgspec.json.decode(row["properties"])):
                    if touched.kind not in ("skipped", "removed"):
                        at_s = row["occurred_us"] / MICROSECONDS_PER_SECOND
                        writer.writerow([row["user_id"] or row["anonymous_id"], touched.item_id, f"{at_s:.6f}"])
                        count += 1
    return count


def quantile_ms(times_ms: Sequence[float], share: float) -> float:
    """Return the answer time that this share of answers did not exceed.

    >>> quantile_ms([3.0, 1.0, 2.0], 0.5)
    2.0
    """
    ordered = sorted(times_ms)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def evaluate(facts: Facts, shop: Shop, source_ids: Sequence[SourceId], path: Path) -> None:
    """Measure recommendations on what the lake remembers: each customer's last item, full ranking, with baselines."""
    if not write_interactions(shop, source_ids, path):
        return
    options = EvaluationOptions(interactions=path, user="user", item="item", time="at", protocol="last-item")
    facts.evaluation = evaluate_file(options)
