"""`regulars replay`: read a span of history once more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regulars.cli.voice import Voice, flags_of, json_option, settings_option, shop_argument, table

if TYPE_CHECKING:
    from regulars.app import Shop
    from regulars.app.replay import ReplayReport, Span


@click.command(
    help="Read a span of the log of the shop in the folder SHOP once more: count it, write it to a file, put back what "
    "history lacks of it, or work one customer out anew. Nothing is sent."
)
@shop_argument
@click.option("--since", metavar="TIME", help="What came in from this moment on (UTC unless it says so).")
@click.option("--until", metavar="TIME", help="What came in before this moment.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only of this source; may be repeated.")
@click.option("--event", "events", multiple=True, metavar="NAME", help="Only of this name; may be repeated.")
@click.option("--customer", metavar="ID", help="Only of this customer: an id, or kind:value such as user_id:ann.")
@click.option("--into", type=click.Choice(["counts", "lake", "profile"]), default="counts", show_default=True)
@click.option("--to", "target", type=click.Path(path_type=Path), help="Write to this new .jsonl or .parquet file.")
@settings_option
@json_option
def command(  # noqa: PLR0913, PLR0917 (each is an option of the verb, given by its name)
    shop: str,
    since: str | None,
    until: str | None,
    sources: tuple[str, ...],
    events: tuple[str, ...],
    customer: str | None,
    into: str,
    target: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Replay, and say what became of it."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    voice = Voice(as_json=as_json)
    with open_shop(existing_folder(shop), flags=flags_of(settings), partition=None) as opened:
        if into == "profile":
            if since or until or sources or events or target:
                raise click.UsageError("A customer is worked out anew from all that they did: --customer stands alone.")
            return _recompute(opened, customer, voice)
        if target is not None and into != "counts":
            raise click.UsageError("A span goes into one thing: --to a file, or --into lake.")
        span = _span(opened, since=since, until=until, sources=sources, events=events, customer=customer)
        named: dict[str, str] = {source.source_id: source.name for source in opened.events.list_sources()}
        with voice.progress("Replaying") as progress:
            if target is not None:
                report = opened.write_span(span, target, on_progress=progress)
            elif into == "lake":
                report = opened.mend_history(span, on_progress=progress)
            else:
                report = opened.count(span, on_progress=progress)
    voice.result(report, _told(report, named))
    return 0


def _recompute(shop: Shop, customer: str | None, voice: Voice) -> int:
    from regulars.kernel.errors import NotFoundError
    from regulars.kernel.ids import CustomerId

    if customer is None:
        raise click.UsageError("--into profile wants a customer: --customer user_id:ann. For all: regulars rebuild.")
    kind, colon, value = customer.partition(":")
    found = shop.identity.find(kind, value) if colon else CustomerId(customer)
    if found is None:
        raise NotFoundError(f"No customer goes by this {kind}.")
    report = shop.recompute(found)
    what = f"changed: {', '.join(report.changed)}" if report.changed else "nothing changed"
    voice.result(report, f"{report.customer_id} was worked out anew from {report.events:,} events; {what}.")
    return 0


def _span(
    shop: Shop,
    *,
    since: str | None,
    until: str | None,
    sources: tuple[str, ...],
    events: tuple[str, ...],
    customer: str | None,
) -> Span:
    from regulars.app.replay import Span

    known = {
        name: source.source_id for source in shop.events.list_sources() for name in (source.name, source.source_id)
    }
    unknown = [name for name in sources if name not in known and name != "regulars"]
    if unknown:
        raise click.UsageError(f"There is no source {unknown[0]!r}. The sources: {', '.join(sorted(known)) or 'none'}.")
    return Span(
        since_us=_moment_us("--since", since) or 0,
        until_us=_moment_us("--until", until),
        sources=frozenset(known.get(name, name) for name in sources),
        names=frozenset(events),
        people=shop.people_of(shop.customer_named(customer)) if customer else None,
    )


def _moment_us(option: str, words: str | None) -> int | None:
    if words is None:
        return None
    try:
        when = datetime.fromisoformat(words.strip())
    except ValueError:
        raise click.UsageError(f"{option} wants a moment such as 2026-11-25T18:30, got {words!r}.") from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _told(report: ReplayReport, named: dict[str, str]) -> str:
    lines = [f"{report.events:,} of {report.read:,} events belong to the span; {report.events_per_s:,.0f} a second."]
    if report.from_history:
        lines.append(f"{report.from_history:,} of them came from history: the log begins later.")
    if report.place:
        lines.append(f"They are in {report.place}.")
    elif report.into == "lake":
        lacked = f"History lacked {report.taken:,} of them; they are back." if report.taken else "History has them all."
        lines.append(lacked)
    else:
        rows = [
            {"event": one.name, "source": named.get(one.source_id, one.source_id), "count": f"{one.events:,}"}
            for one in report.counts
        ]
        lines.append(table(rows) or "Nothing happened.")
    return "\n".join(lines)
