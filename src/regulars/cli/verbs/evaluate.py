"""`regulars evaluate recommend`: measure on a log, without code."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # Any: whatever was typed

import click

from regulars.cli.voice import Voice, json_option, table


@click.group(name="evaluate", help="Measure how good something is, beside baselines.")
def command() -> None:
    """Hold what can be evaluated."""


@command.command(name="recommend", help="Measure recommendations on a file of interactions (CSV, JSONL, Parquet).")
@click.option("--interactions", required=True, type=click.Path(path_type=Path), help="The file.")
@click.option("--user", required=True, metavar="COLUMN", help="Who.")
@click.option("--item", required=True, metavar="COLUMN", help="What.")
@click.option("--time", metavar="COLUMN", help="When; else the file's order is time.")
@click.option("--session", metavar="COLUMN", help="Which session, for --protocol sessions.")
@click.option(
    "--protocol",
    type=click.Choice(["last-item", "strong", "sessions"]),
    help="last-item: each customer's last; strong: customers never seen in training; sessions: next in session.",
)
@click.option("--seed", default=0, show_default=True, help="For the split and the intervals.")
@json_option
def recommend(interactions: Path, as_json: bool, **options: Any) -> int:  # Any: whatever was typed
    """Print HR, Recall, MRR and NDCG with intervals, our models beside the baselines."""
    from regulars.recommend.evaluation import EvaluationOptions, evaluate_file

    voice = Voice(as_json=as_json)
    with voice.progress("Evaluating") as progress:
        report = evaluate_file(EvaluationOptions(interactions=interactions, **options), on_progress=progress)
    voice.result(report, f"{report.summary}\n\n{table(report.rows())}")
    return 0
