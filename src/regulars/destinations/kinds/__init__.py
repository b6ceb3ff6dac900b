"""The ways out: ours, and those that other packages bring.

Ours keep the same protocol as everybody else's (`regulars.destinations.core.kinds.Kind`).
"""

from __future__ import annotations

from regulars.destinations.core.kinds import Kind
from regulars.destinations.kinds.csv_drop import CsvDrop
from regulars.destinations.kinds.http_audience import HttpAudience
from regulars.destinations.kinds.parquet import ParquetFolder
from regulars.destinations.kinds.webhook import Webhook
from regulars.kernel import plugins
from regulars.kernel.errors import PluginError


def all_kinds() -> dict[str, Kind]:
    """Return every kind by its name.

    Raises
    ------
    PluginError
        When an installed package offers one that cannot be used, or takes the name of one of ours.

    """
    own: list[Kind] = [Webhook(), ParquetFolder(), CsvDrop(), HttpAudience()]
    found = {kind.name: kind for kind in own}
    for name, kind in plugins.load("destinations", Kind).items():
        if kind.name != name or name in found:
            raise PluginError(
                f"An installed package offers the destination {name!r} as {kind.name!r}. An entry point has its "
                f"kind's name, and none of ours: {', '.join(sorted(one.name for one in own))}."
            )
        found[name] = kind
    return found
