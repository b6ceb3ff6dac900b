"""Which parts did other packages bring? Found by entry points, checked before anyone relies on them.

A package offers a part by an entry point in a group `regulars.<slot>`, for instance `regulars.rankers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar, cast  # Any: a protocol's members may be anything

from regulars.kernel.errors import PluginError

P = TypeVar("P")


def load(group: str, protocol: Callable[..., P]) -> dict[str, P]:
    """Return all parts of a group by name, each with every member of the protocol.

    Raises
    ------
    PluginError
        When a part cannot be imported, lacks a member, or two packages use one name; it names the package.

    >>> from regulars.kernel.clock import Clock
    >>> load("no_such_slot", Clock)
    {}
    """
    return load_from(entry_points(group=f"regulars.{group}"), protocol)


def load_from(points: Iterable[EntryPoint], protocol: Callable[..., P]) -> dict[str, P]:
    """Return the parts behind these entry points by name; see `load`."""
    parts: dict[str, P] = {}
    packages: dict[str, str] = {}
    for point in sorted(points, key=lambda point: (point.name, _package(point))):
        if point.name in packages:
            raise PluginError(
                f"The packages {packages[point.name]!r} and {_package(point)!r} both offer {point.group} "
                f"{point.name!r}. Uninstall one of them."
            )
        packages[point.name] = _package(point)
        parts[point.name] = _checked(point, protocol)
    return parts


def _checked(point: EntryPoint, protocol: Callable[..., P]) -> P:
    try:
        part = point.load()
        part = part() if isinstance(part, type) else part
    except Exception as error:  # whatever a stranger's module raises while it is imported
        raise PluginError(
            f"The package {_package(point)!r} offers {point.group} {point.name!r} ({point.value}), which "
            f"cannot be loaded: {type(error).__name__}: {error}. Update or uninstall the package."
        ) from error
    missing = [name for name in _members(protocol) if not hasattr(part, name)]
    if missing:
        raise PluginError(
            f"The package {_package(point)!r} offers {point.group} {point.name!r} ({point.value}), which "
            f"lacks {', '.join(missing)} of {protocol.__name__}. Update or uninstall the package."
        )
    return cast("P", part)  # cast: every member of the protocol is there


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "unknown"


def _members(protocol: Any) -> list[str]:
    names: set[str] = set()
    for base in protocol.__mro__:
        if base.__name__ in {"Protocol", "Generic", "object"}:
            continue
        names.update(getattr(base, "__annotations__", {}))
        names.update(name for name in vars(base) if not name.startswith("_"))
    return sorted(names)
