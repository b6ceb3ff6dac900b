"""Is the loop whole? Facts of a demo that was played, and every way in which they contradict each other."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from regulars.app.lateness import lateness
from regulars.app.shop import Shop
from regulars.catalog import interactions_of
from regulars.kernel.clock import MICROSECONDS_PER_SECOND
from regulars.kernel.errors import UnavailableError
from regulars.kernel.ids import SourceId
from regulars.recommend.evaluation import EvaluationOptions, EvaluationReport, evaluate_file
from regulars.testing.demo.till import card_of
from regulars.testing.simulator import World

if TYPE_CHECKING:
    from ibis.expr.types import Table

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
    till_rows: int = 0
    till_receipts: int = 0
    till_rows_refused: int = 0
    till_customers: int = 0
    till_customers_known_online: int = 0
    hook_deliveries: int = 0
    hook_deliveries_refused: int = 0
    hook_events: int = 0
    hook_dead_letters: int = 0
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


def counted_coming_in(facts: Facts, shop: Shop, world: World) -> None:
    """Fill in what the shop says of the till's file and of the webhook, where the demo has them."""
    reports = [one.report for one in shop.imports.newest().items if one.report is not None and not one.report.dry_run]
    for report in reports:
        facts.till_rows += report.rows
        facts.till_rows_refused += report.refused
    events = shop.lake.events()
    for source in shop.events.list_sources():
        told = events.filter(events.source_id == str(source.source_id), events.call == "track")
        if source.kind == "import":
            facts.till_receipts += _rows_of(shop, told)
        elif source.kind == "hook":
            facts.hook_events += _rows_of(shop, told)
            letters = [one for one in shop.letters.groups() if one.source_id == str(source.source_id)]
            facts.hook_dead_letters += sum(one.letters for one in letters)

    facts.till_customers, facts.till_customers_known_online = _met(shop, world)


def _rows_of(shop: Shop, table: Table) -> int:
    return int(shop.lake.query(table.aggregate(rows=table.count()))["rows"][0].as_py())


def _met(shop: Shop, world: World) -> tuple[int, int]:
    """Return how many customers the till knows by their card, and how many of those are the ones known online."""
    wanted = [(("card", card_of(person)), ("user_id", person.user_id)) for person in world.people]
    found = shop.identity.known_among([key for keys in wanted for key in keys])
    cards = [keys for keys in wanted if keys[0] in found]
    return len(cards), sum(found[card] == found.get(user) for card, user in cards)


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
    return found + _coming_in(facts) + _learning(facts)


def _coming_in(facts: Facts) -> list[str]:
    """Return what is wrong with the till's file and the webhook; nothing where the demo has neither."""
    found = []
    if facts.till_rows and not (facts.till_receipts and 0 < facts.till_rows_refused < facts.till_rows):
        found.append(f"Of {facts.till_rows:,} rows of the till, {facts.till_rows_refused:,} were refused.")
    if facts.till_rows and not 0 < facts.till_customers_known_online < facts.till_customers:
        found.append(f"{facts.till_customers_known_online:,} of {facts.till_customers:,} at the till are known online.")
    arrived = facts.hook_deliveries - facts.hook_deliveries_refused
    if facts.hook_events + facts.hook_dead_letters != arrived:
        found.append(
            f"{arrived:,} deliveries were taken, {facts.hook_events:,} told, {facts.hook_dead_letters:,} laid aside."
        )
    if facts.hook_deliveries and not (facts.hook_deliveries_refused and facts.hook_dead_letters):
        found.append("No delivery was refused or laid aside, as some should be.")
    return found


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
