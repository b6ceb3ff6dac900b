"""Opens destinations from their definitions, and keeps them open for the next delivery."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

from regulars.destinations.core.definition import Definition
from regulars.destinations.core.kinds import Destination, Kind, Tools
from regulars.destinations.core.shape import schema_of, settings_from
from regulars.destinations.kinds import all_kinds
from regulars.destinations.sealing import living, opened
from regulars.destinations.store.definitions import Kept, Key
from regulars.kernel.clock import Clock
from regulars.kernel.errors import InvalidError, nearest
from regulars.kernel.outbound import Outbound
from regulars.kernel.seal import Seal
from regulars.kernel.settings import DestinationsSettings

EXPORTS = "exports"


class Desk:
    """The kinds there are, and the destinations that are open."""

    def __init__(
        self,
        *,
        clock: Clock,
        folder: Path,
        seal: Seal,
        settings: DestinationsSettings,
        outbound: Outbound | None = None,
    ) -> None:
        self.seal = seal
        self._clock = clock
        self._folder = folder / EXPORTS
        self._settings = settings
        self.outbound = outbound or Outbound(settings.private_networks)
        self._open: dict[str, tuple[Kept, Destination]] = {}
        self._lock = threading.Lock()

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """Every kind by its name, those of other packages too."""
        return all_kinds()

    def kind(self, name: str) -> Kind:
        """Return one kind.

        Raises
        ------
        InvalidError
            When there is none of that name.

        """
        if name not in self.kinds:
            raise InvalidError(f"There is no kind of destination {name!r}.{nearest(name, sorted(self.kinds))}")
        return self.kinds[name]

    def schema(self, name: str) -> dict[str, object]:
        """Return what a kind wants to be told, as JSON Schema."""
        return schema_of(self.kind(name).settings)

    def opened(self, kept: Kept) -> Destination:
        """Return a destination ready to deliver, opened anew when its definition or its keys have changed."""
        destination_id = kept.definition.destination_id
        signing = kept._replace(keys=living(kept.keys, self._clock.now_us()))
        with self._lock:
            known = self._open.get(destination_id)
            if known is not None and _same(known[0], signing):
                return known[1]
        fresh = self.fresh(signing)
        with self._lock:
            before = self._open.get(destination_id)
            self._open[destination_id] = (signing, fresh)
        if before is not None:
            before[1].close()
        return fresh

    def fresh(self, kept: Kept) -> Destination:
        """Open a destination for one use; the caller closes it.

        Raises
        ------
        InvalidError
            When the settings do not fit its kind, or name a place that may not be used.
        SealedError
            When its secrets cannot be opened.

        """
        definition, keys = opened(self.seal, kept)
        kind = self.kind(definition.kind)
        return kind.open(settings_from(definition.settings, kind.settings), self._tools(definition, keys))

    def close(self) -> None:
        """Close everything that is open."""
        with self._lock:
            open_ones = list(self._open.values())
            self._open.clear()
        for _, destination in open_ones:
            destination.close()
        self.outbound.close()

    def _tools(self, definition: Definition, keys: list[Key]) -> Tools:
        return Tools(
            outbound=self.outbound,
            clock=self._clock,
            destination_id=definition.destination_id,
            name=definition.name,
            signing_keys=tuple(key.secret for key in living(keys, self._clock.now_us())),
            batched=definition.pace.batch_max > 1,
            folder=str(self._folder),
            local_folders=tuple(one.strip() for one in self._settings.local_folders.split(",") if one.strip()),
        )


def _same(one: Kept, other: Kept) -> bool:
    """Whether two definitions open the same thing: whether it is paused and how far it got does not matter."""
    parts = [(kept.definition.kind, kept.definition.name, kept.definition.settings, kept.definition.pace, kept.keys)
             for kept in (one, other)]  # fmt: skip
    return parts[0] == parts[1]
