"""`regulars plans`: tracking plans at the command line, for the tests of a shop's own app."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any  # Any: JSON, on its way to the screen

import click

from regulars.cli.voice import Voice, json_option, table

if TYPE_CHECKING:
    from regulars.app import Shop
    from regulars.events.plans import PlanFile

FINDINGS_SAID_MAX = 50

shop_argument = click.argument("shop", metavar="SHOP", type=click.Path())
plan_argument = click.argument("plan", metavar="PLAN")


@click.group(name="plans", help="Tracking plans: what events must look like. PLAN is a plan's name or id.")
def command() -> None:
    """Hold what can be done with plans."""


@command.command(name="list", help="List the plans of the shop in the folder SHOP.")
@shop_argument
@json_option
def list_plans(shop: str, as_json: bool) -> int:
    """Print every plan, with how the last day kept to it."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    with open_shop(existing_folder(shop)) as opened:
        found = opened.plans.all()
    rows: list[dict[str, object]] = [
        {
            "plan": plan.name,
            "version": plan.in_force or "draft",
            "mode": plan.mode,
            "events": plan.events,
            "judged 24 h": plan.judged,
            "wrong": plan.wrong,
            "blocked": plan.blocked,
        }
        for plan in found
    ]
    Voice(as_json=as_json).result(found, table(rows) or "There are no plans. Begin with: regulars plans infer SHOP")
    return 0


@command.command(name="show", help="Print PLAN of the shop in the folder SHOP as a plan file.")
@shop_argument
@plan_argument
@click.option("--version", "number", type=int, help="A version; the draft when left out.")
@click.option("--to", "target", type=click.Path(path_type=Path), help="Write it there instead.")
@json_option
def show(shop: str, plan: str, number: int | None, target: Path | None, as_json: bool) -> int:
    """Print a plan as a file, to keep beside an app's code."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    with open_shop(existing_folder(shop)) as opened:
        file = opened.plans.export(_id_of(opened, plan), number)
    _hand_out(file, target, as_json=as_json)
    return 0


@command.command(name="infer", help="Infer a plan from what came to the shop in the folder SHOP lately.")
@shop_argument
@click.option("--days", default=7, show_default=True, help="How far back to look.")
@click.option("--source", "sources", multiple=True, metavar="ID", help="Only of this source; may be given again.")
@click.option("--name", default="Inferred", show_default=True, help="Name of the plan.")
@click.option("--save", is_flag=True, help="Keep it in the shop as a draft.")
@click.option("--to", "target", type=click.Path(path_type=Path), help="Write it to a file instead of the screen.")
@json_option
def infer(
    shop: str, days: int, sources: tuple[str, ...], name: str, save: bool, target: Path | None, as_json: bool
) -> int:
    """Print the plan that recent traffic keeps to, or keep it as a draft."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder
    from regulars.events.plans import PlanFile

    voice = Voice(as_json=as_json)
    with open_shop(existing_folder(shop)) as opened:
        body = opened.plans.infer(sources=list(sources) or None, days=days).body
        if save:
            plan = opened.plans.create(name, body)
            text = f"{plan.name!r} is a draft with {len(body.events)} events."
            voice.result(plan, f"{text} Say: regulars plans publish {shop} {plan.name!r}")
            return 0
    file = PlanFile(name=name, events=body.events, personal=body.personal)
    _hand_out(file, target, as_json=as_json)
    return 0


@command.command(name="import", help="Begin a plan of the shop in the folder SHOP from FILE, as `show` wrote it.")
@shop_argument
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", "sources", multiple=True, metavar="ID", help="Hold only for this source.")
@json_option
def bring(shop: str, file: Path, sources: tuple[str, ...], as_json: bool) -> int:
    """Keep a plan file as a draft."""
    from regulars.app import open_shop

    read = _read(file)
    with open_shop(shop) as opened:
        plan = opened.plans.create(read.name, read.body(list(sources) or None), description=read.description)
    Voice(as_json=as_json).result(plan, f"{plan.name!r} is a draft with {len(plan.draft.events)} events.")
    return 0


@command.command(name="publish", help="Put the draft of PLAN in force in the shop in the folder SHOP.")
@shop_argument
@plan_argument
@click.option("--note", default="", help="What is new.")
@json_option
def publish(shop: str, plan: str, note: str, as_json: bool) -> int:
    """Publish a plan; a running shop judges by it from the next event on."""
    from regulars.app import open_shop
    from regulars.app.folder import existing_folder

    with open_shop(existing_folder(shop)) as opened:
        version = opened.plans.publish(_id_of(opened, plan), note=note, by="the command line")
    Voice(as_json=as_json).result(version, f"Version {version.number} of {version.name!r} is in force.")
    return 0


@command.command(name="check", help="Check FILE, calls of an SDK as JSON lines, against a plan. No shop is needed.")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--plan", "plan_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A plan file.")
@click.option("--ready", "key", metavar="KEY", help="A ready plan: segment-ecommerce, segment-video or music.")
@click.option("--strict", is_flag=True, help="Events that the plan does not name are wrong, too.")
@json_option
def check(file: Path, plan_file: Path | None, key: str | None, strict: bool, as_json: bool) -> int:
    """Print what does not keep to the plan, a sentence each; 1 when there is anything."""
    import msgspec

    from regulars.events.plans.checking import check as check_lines
    from regulars.events.plans.ready import ready_plan

    if (plan_file is None) == (key is None):
        raise click.UsageError("Say by which plan: --plan FILE, or --ready KEY.")
    plan = _read(plan_file) if plan_file is not None else ready_plan(str(key))
    if strict and plan.unknown == "allow":
        plan = msgspec.structs.replace(plan, unknown="warn")
    with file.open("rb") as lines:
        found = check_lines(lines, plan)
    said = [f"line {one.line}: {f'{one.event}: ' if one.event else ''}{one.sentence}" for one in found.findings]
    if len(said) > FINDINGS_SAID_MAX:
        said = [*said[:FINDINGS_SAID_MAX], f"… and {len(said) - FINDINGS_SAID_MAX:,} more"]
    unknown = f" {found.unknown:,} are events that it does not name." if found.unknown else ""
    kept = f"{found.events - found.wrong:,} of {found.events:,} events keep to {plan.name!r}.{unknown}"
    Voice(as_json=as_json).result(found, "\n".join([*said, kept]))
    return 1 if found.wrong else 0


def _id_of(shop: Shop, said: str) -> str:
    from regulars.kernel.errors import NotFoundError, nearest

    plans = shop.plans.all()
    for plan in plans:
        if said in (plan.plan_id, plan.name):
            return plan.plan_id
    raise NotFoundError(f"There is no plan {said!r}.{nearest(said, [plan.name for plan in plans])}")


def _read(file: Path) -> PlanFile:
    import msgspec

    from regulars.events.plans import PlanFile
    from regulars.kernel.errors import InvalidError

    try:
        return msgspec.json.decode(file.read_bytes(), type=PlanFile)
    except msgspec.MsgspecError as error:
        raise InvalidError(f"{file} is no plan file: {error}. Write one with: regulars plans show SHOP PLAN") from None


def _hand_out(file: PlanFile, target: Path | None, *, as_json: bool) -> None:
    import msgspec

    raw = msgspec.json.format(msgspec.json.encode(file), indent=1)
    if target is None:
        click.echo(raw.decode())
        return
    target.write_bytes(raw + b"\n")
    said: dict[str, Any] = {"file": str(target), "events": len(file.events)}  # Any: JSON
    Voice(as_json=as_json).result(said, f"Wrote {len(file.events)} events to {target}.")
