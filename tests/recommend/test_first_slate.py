"""A shop with goods and no past already has something to show."""

from __future__ import annotations

from tests.recommend.conftest import SmallShop


def test_somebody_new_is_shown_the_catalogue_before_anything_ever_happened(shop: SmallShop) -> None:
    shop.stock(alien="Sci-Fi", fargo="Crime")
    slates = [strategy.slate for strategy in shop.recommend.compare(None, count=5)]
    assert any({placed.item_id for placed in slate.items} == {"alien", "fargo"} for slate in slates)
