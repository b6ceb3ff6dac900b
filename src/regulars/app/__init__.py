"""The composition root: puts the capabilities together to one shop, and runs it.

`Shop` and `open_shop` are loaded when they are asked for: the supervisor of `regulars serve` never needs them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regulars.app.shop import Shop, open_shop

__all__ = ["Shop", "open_shop"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from regulars.app import shop

        return getattr(shop, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
