"""Is the shop's own folder sound: rights, settings, tables, integrity?"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from regulars.app import capabilities
from regulars.app.backup.service import FAR_FUTURE_US, late_after_s
from regulars.app.backup.store import backup_of
from regulars.app.backup.store import newest as newest_backups
from regulars.app.doctor.finding import Finding, bad, good, watch
from regulars.app.doctor.log import examine_log
from regulars.app.shop import LOG_FOLDER, STATE_FILE
from regulars.kernel.clock import Clock
from regulars.kernel.database import Database
from regulars.kernel.errors import RegularsError, SettingsError
from regulars.kernel.settings import Settings, load_settings


def examine_folder(folder: Path, flags: Mapping[str, str], clock: Clock) -> Iterator[Finding]:
    """Yield what the shop in a folder is like. Nothing is changed: a new shop is not made."""
    rights = _rights(folder)
    yield rights
    if rights.state == "bad" or not folder.exists():
        return
    try:
        settings = load_settings(folder, flags)
    except SettingsError as error:
        yield bad("settings", str(error), "Correct regulars.toml, the environment, or the flags.")
        return
    yield good("settings", "Every setting is understood.")
    yield from _state(folder, settings, clock)


def _rights(folder: Path) -> Finding:
    if not os.path.lexists(folder):  # as Path.exists, but no error where one may not look
        parent = next(place for place in folder.parents if os.path.lexists(place))
        if os.access(parent, os.W_OK | os.X_OK):
            return good("folder", f"{folder} is not there yet; `regulars serve` makes it.")
        return bad("folder", f"{folder} cannot be made.", f"Give this user the right to write to {parent}.")
    if not folder.is_dir():
        return bad("folder", f"{folder} is a file.", "Give the folder of a shop, or the name of a new one.")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return bad("folder", f"{folder} may not be written.", "Give this user the right to read and write it.")
    if folder.stat().st_mode & stat.S_IRWXO:
        told = f"{folder} can be read and written, and everybody on this machine may look into it: customers lie there."
        return watch("folder", told, f"Run: chmod o= {shlex.quote(str(folder))}")
    return good("folder", f"{folder} can be read and written.")


def _state(folder: Path, settings: Settings, clock: Clock) -> Iterator[Finding]:
    if not settings.state.url and not (folder / STATE_FILE).exists():
        yield good("state", "No shop was opened in this folder yet.")
        return
    try:
        database = Database.open(settings.state.url or str(folder / STATE_FILE))
    except RegularsError as error:
        yield bad("state", str(error), "Look at state.url, and whether the server runs.")
        return
    with closing(database):
        try:
            yield from _database(database)
            yield from examine_log(folder / LOG_FOLDER, database, settings, clock)
            yield _backup(database, settings, clock)
        except RegularsError as error:
            yield bad("state", str(error), "Is PostgreSQL running, and may this user sign in? Is the file whole?")


def _database(database: Database) -> Iterator[Finding]:
    looked = database.check()
    for problem in looked.problems:
        yield bad("state", problem, "Put it right while the shop is closed.")
    if not looked.problems:
        yield good("state", f"{looked.engine}, {looked.size_bytes / 1_000_000:,.1f} MB, whole.")
    yield _version(looked.migrations)


def _version(taken: Mapping[str, int]) -> Finding:
    known: dict[str, int] = {}
    for step in capabilities.migrations():
        known[step.capability] = max(step.number, known.get(step.capability, 0))
    newer = [capability for capability, number in taken.items() if number > known.get(capability, 0)]
    if newer:
        return bad(
            "version", f"A newer Regulars wrote the tables of {', '.join(newer)}.", "Install the newer one again."
        )
    behind = sum(number - taken.get(capability, 0) for capability, number in known.items())
    if behind:
        return watch("version", f"{behind} steps of tables wait.", "`regulars serve` takes them when it starts.")
    return good("version", "The tables are up to date.")


def _backup(database: Database, settings: Settings, clock: Clock) -> Finding:
    """Say whether somebody could put the shop back."""
    try:
        with database.read() as connection:
            rows = newest_backups(connection, before=(FAR_FUTURE_US, ""), limit=1)
    except SQLAlchemyError:  # the tables of an older version
        rows = []
    if not rows:
        remedy = "Run: regulars backup SHOP TARGET. Or set backup.url, and the shop takes one each day."
        return watch("backup", "There is no backup.", remedy)
    last = backup_of(rows[0])
    age_h = (clock.now_us() / 1_000_000 - last.at.timestamp()) / 3_600
    told = f"The newest backup is {_hours(age_h)} old" + (", verified." if last.verified_at else ", not verified.")
    if last.problem:
        return bad("backup", f"The newest backup is damaged: {last.problem}", "Take another, and look at its disk.")
    if age_h > late_after_s(settings.backup) / 3_600:
        return watch(
            "backup", told, "Take one: regulars backup. Look at the job 'backup' if it should do it by itself."
        )
    return good("backup", told)


def _hours(count: float) -> str:
    if count < 1:
        return "less than an hour"
    return "1 hour" if round(count) == 1 else f"{count:,.0f} hours"
