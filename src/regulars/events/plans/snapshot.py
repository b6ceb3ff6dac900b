"""What must the door do with personal fields? Answered from a snapshot on disk, so that it needs no database.

`Plans` writes the snapshot whenever something else comes into force; the door looks at it again once a second. While it
cannot be read nobody knows what is personal: then the door takes nothing (503, and senders try again), because what is
once in the log cannot be taken back from every copy of it.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from regulars.events.answers import Sent
from regulars.events.plans.core import PersonalField, PlanBody, Reign, Rules, Unreadable, standing
from regulars.kernel.clock import Clock
from regulars.kernel.errors import UnavailableError

FILE_NAME = "plans.json"
LOOK_EVERY_US = 1_000_000
RETRY_AFTER_S = 5


class SnapshotPlan(msgspec.Struct, frozen=True):
    """A plan in force, as the door knows it: for whom it holds, and the fields it hashes or drops."""

    plan_id: str
    sources: list[str] | None
    fields: list[PersonalField]


class Snapshot(msgspec.Struct, frozen=True):
    """Every plan in force, and the secret that hashes."""

    revision: int
    secret: str
    plans: list[SnapshotPlan]


class Personal:
    """The rules for personal fields of a shop, as of at most a second ago."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / FILE_NAME
        self._clock = clock
        self._looked_us = -LOOK_EVERY_US
        self._stamp: tuple[int, int, int] | None = None
        self._snapshot: Snapshot | None = None
        self._any = False
        self._rules: dict[str, Rules | None] = {}

    def rules_of(self, source_id: str) -> Rules | None:
        """Return what is done with the personal fields of a source, None when nothing is.

        Raises
        ------
        UnavailableError
            When the snapshot cannot be read.

        """
        now_us = self._clock.now_us()
        if now_us - self._looked_us >= LOOK_EVERY_US or now_us < self._looked_us:
            self._look(now_us)
        if self._snapshot is None:
            raise UnavailableError(
                f"{FILE_NAME} in the shop's folder cannot be read, so that personal data could not be taken out of "
                "events. It is written again within a minute by a running worker. Try again.",
                retry_after_s=RETRY_AFTER_S,
            )
        if not self._any:
            return None
        if source_id not in self._rules:
            self._rules[source_id] = self._rules_of(self._snapshot, source_id)
        return self._rules[source_id]

    def taken_out(self, source_id: str, path: str, body: bytes, ip: str) -> tuple[bytes, str]:
        """Return a request's body and address with the personal fields of its source hashed or dropped.

        Raises
        ------
        UnavailableError
            When the snapshot cannot be read.
        Unreadable
            When the body cannot be taken apart.

        """
        rules = self.rules_of(source_id)
        if rules is None:
            return body, ip
        return rules.applied(path, body), "" if rules.hides_address else ip

    def kept_of_refused(self, source_id: str | None, path: str, sent: Sent, ip: str) -> tuple[Sent, str]:
        """Return as much of a refused request as may be kept: nothing, where nobody can say what in it is personal."""
        nothing = sent._replace(body=b""), ""
        try:
            if source_id is None:
                self.rules_of("")  # looks at the snapshot
                return nothing if self._any else (sent, ip)
            body, ip = self.taken_out(source_id, path, sent.body, ip)
        except (UnavailableError, Unreadable):
            return nothing
        return sent._replace(body=body, body_bytes=sent.body_bytes + len(body) - len(sent.body)), ip

    def _look(self, now_us: int) -> None:
        self._looked_us = now_us
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._stamp or self._snapshot is None:
                self._snapshot = msgspec.json.decode(self._path.read_bytes(), type=Snapshot)
                self._stamp = stamp
                self._any = any(plan.fields for plan in self._snapshot.plans)
                self._rules.clear()
        except (OSError, msgspec.MsgspecError):
            self._snapshot = None

    @staticmethod
    def _rules_of(snapshot: Snapshot, source_id: str) -> Rules | None:
        plan = plan_of(snapshot, source_id)
        rules = Rules(plan.fields, bytes.fromhex(snapshot.secret)) if plan else None
        return rules or None


def plan_of(snapshot: Snapshot, source_id: str) -> SnapshotPlan | None:
    """Return the plan in force for a source: one that names it goes before one for all."""
    reigns = [
        Reign(
            plan_id=plan.plan_id,
            number=place,
            name="",
            from_us=0,
            sources=None if plan.sources is None else frozenset(plan.sources),
        )
        for place, plan in enumerate(snapshot.plans)
    ]
    ruling = standing(reigns, source_id, 0).reign
    return snapshot.plans[ruling.number] if ruling else None


def snapshot_of(revision: int, secret: str, in_force: list[tuple[Reign, PlanBody]]) -> Snapshot:
    """Return what the door must know of the versions in force."""
    return Snapshot(
        revision,
        secret,
        [
            SnapshotPlan(reign.plan_id, body.sources, [field for field in body.personal if field.action != "keep"])
            for reign, body in in_force
        ],
    )


def read_snapshot(folder: Path) -> Snapshot | None:
    """Return the snapshot on disk, None when it cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Snapshot)
    except (OSError, msgspec.MsgspecError):
        return None


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Replace the snapshot in one step, durably; it holds a secret, so that only the shop's own user may read it."""
    path = folder / FILE_NAME
    new = path.with_name(f"{FILE_NAME}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(snapshot), indent=1))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
