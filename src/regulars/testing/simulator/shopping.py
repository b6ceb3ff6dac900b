"""How invented people shop: looking around, a basket that is mostly left, now and then an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any  # Any: properties are whatever an app sends

from regulars.catalog import Item
from regulars.testing.simulator.calls import Call
from regulars.testing.simulator.catalogues import Offer, store_catalogue
from regulars.testing.simulator.chance import Chance, Weights
from regulars.testing.simulator.grouping import grouped
from regulars.testing.simulator.parameters import Parameters
from regulars.testing.simulator.people import Person, population
from regulars.testing.simulator.visits import SECOND_US, Visit, choose_device, hour_weights, next_start_us, taste_chance

# Fitted on 20,000 simulated visits, so that baskets, orders and converting visits come out as the parameters say.
CHECKOUT_SHARE = 0.42  # of visits with something in the basket
KEPT_SHARE = 0.4  # of further lines in a basket at the checkout; the first always stays
LIKED_FACTOR = 1.1  # something to one's taste is put in the basket this much likelier than on average
OTHER_FACTOR = 0.45
QUANTITIES = ((0.0, 1.0), (0.75, 1.49), (0.95, 2.49), (1.0, 5.0))  # chosen: most people take one
COUPON_SHARE = 0.12  # chosen
FREE_SHIPPING_FROM = 1_000
SHIPPING = 80


@dataclass(frozen=True, slots=True)
class Taste:
    """What a visitor likes."""

    categories: Weights[str]
    favourite_categories: frozenset[str]
    favourite_brands: tuple[str, ...]


class Shopping:
    """The world of a web shop."""

    kind = "product"

    def __init__(self, seed: int, parameters: Parameters, offers: list[Offer] | None = None) -> None:
        self.offers = offers or store_catalogue(seed, parameters)
        self.people = population(seed, parameters.store.visitors, parameters.people, "visitor-")
        self._parameters = parameters
        self._store = parameters.store
        self._hours = hour_weights(self._store.hour_weights)
        on_sale = [offer for offer in self.offers if offer.item.available]
        self._by_category = grouped(on_sale, "category")
        self._by_brand = grouped(on_sale, "brand")
        sizes = [len(products.choices) for products in self._by_category.values()]
        self._all_categories = Weights(list(self._by_category), sizes)
        self._tastes = [self._taste(taste_chance(seed, person)) for person in self.people]

    def _taste(self, chance: Chance) -> Taste:
        favourites = list(dict.fromkeys(self._all_categories.pick(chance) for _ in range(1 + chance.below(3))))
        brands = [str(self._by_category[name].pick(chance).attributes["brand"]) for name in favourites]
        weights = [1 / (place + 1) for place in range(len(favourites))]
        return Taste(Weights(favourites, weights), frozenset(favourites), tuple(dict.fromkeys(brands)))

    def first_start_us(self, person: Person, start_us: int) -> int:
        """Return when a person first comes."""
        return next_start_us(person, start_us, person.chance.share() * self._gap_days(person), self._hours)

    def next_start_us(self, person: Person, after_us: int) -> int:
        """Return when a person comes again."""
        return next_start_us(person, after_us, self._gap_days(person), self._hours)

    def _gap_days(self, person: Person) -> float:
        # Orders are as far apart as the parameters say; one visit in six or seven ends in one.
        return person.chance.draw(self._store.order_gap_days) * self._store.converting_sessions_share

    def likes(self, person: Person, item: Item) -> bool:
        """Return whether an item is to a person's taste."""
        taste = self._tastes[person.number]
        liked = item.attributes.get("category") in taste.favourite_categories
        return liked or item.attributes.get("brand") in taste.favourite_brands

    def visit(self, person: Person, start_us: int) -> list[Call]:
        """Return what a person's browser sends while they shop."""
        visit = Visit(person, choose_device(person, self._parameters.people), start_us, self._parameters.people)
        chance = person.chance
        visit.page("Home", "/demo/store")
        clicks = max(round(chance.draw(self._store.session_clicks)), 1)
        basket: dict[str, tuple[Item, int]] = {}
        seen: list[Item] = []
        for number in range(clicks):
            visit.come_to(number / clicks)
            visit.wait(4 + chance.share() * chance.share() * 180)
            product = self._choose(visit, seen)
            seen.append(product)
            self.look(visit, product, basket, {})
        if basket and chance.happens(CHECKOUT_SHARE):
            self._check_out(visit, basket)
        return visit.end()

    def _choose(self, visit: Visit, seen: Sequence[Item]) -> Item:
        chance, taste = visit.person.chance, self._tastes[visit.person.number]
        if taste.favourite_brands and chance.happens(self._store.favourite_brand_share):
            return self._by_brand[chance.pick(taste.favourite_brands)].pick(chance)
        if seen and chance.happens(self._store.same_category_share):
            category = str(seen[-1].attributes["category"])
        else:
            category = taste.categories.pick(chance)
            self._arrive(visit, category)
        return self._by_category[category].pick(chance)

    def _arrive(self, visit: Visit, category: str) -> None:
        if visit.person.chance.happens(0.3):
            visit.track("Products Searched", {"query": category})
        else:
            visit.track("Product List Viewed", {"list_id": category, "category": category})
        visit.wait(3 + visit.person.chance.share() * 20)

    def look(
        self,
        visit: Visit,
        product: Item,
        basket: dict[str, tuple[Item, int]],
        origin: dict[str, Any],  # Any: as above
    ) -> None:
        """Look at a product; put it in the basket if it pleases."""
        chance = visit.person.chance
        visit.track("Product Viewed", {**line_of(product), **origin})
        factor = LIKED_FACTOR if self.likes(visit.person, product) else OTHER_FACTOR
        if product.item_id not in basket and chance.happens(self._store.added_share * factor):
            visit.wait(5 + chance.share() * 40)
            quantity = max(round(chance.draw(QUANTITIES)), 1)
            basket[product.item_id] = (product, quantity)
            visit.track("Product Added", {**line_of(product), "quantity": quantity, **origin})

    def _check_out(self, visit: Visit, basket: dict[str, tuple[Item, int]]) -> None:
        chance = visit.person.chance
        for position, (item_id, (product, _)) in enumerate(list(basket.items())):
            if position and not chance.happens(KEPT_SHARE):
                del basket[item_id]
                visit.wait(3)
                visit.track("Product Removed", line_of(product))
        visit.wait(10)
        if visit.may_sign_in():
            visit.sign_in()
        order_id = f"order-{visit.person.user_id}-{visit.at_us // SECOND_US}"
        visit.track("Checkout Started", {"order_id": order_id, "products": _lines(basket)})
        visit.wait(40 + chance.share() * 200)
        visit.track("Order Completed", _order(order_id, basket, chance))


def line_of(product: Item) -> dict[str, Any]:  # Any: as above
    """Return a product as events name it."""
    return {
        "product_id": product.item_id,
        "name": product.title,
        "brand": product.attributes.get("brand"),
        "category": product.attributes.get("category"),
        "price": product.attributes.get("price"),
        "currency": product.attributes.get("currency", "TWD"),
    }


def _lines(basket: dict[str, tuple[Item, int]]) -> list[dict[str, Any]]:  # Any: as above
    return [
        {**line_of(product), "quantity": quantity, "position": position}
        for position, (product, quantity) in enumerate(basket.values(), 1)
    ]


def _order(order_id: str, basket: dict[str, tuple[Item, int]], chance: Chance) -> dict[str, Any]:  # Any: as above
    lines = _lines(basket)
    subtotal = sum(int(line["price"]) * line["quantity"] for line in lines)
    discount = subtotal // 10 if chance.happens(COUPON_SHARE) else 0
    shipping = 0 if subtotal >= FREE_SHIPPING_FROM else SHIPPING
    order = {
        "order_id": order_id,
        "subtotal": subtotal,
        "discount": discount,
        "shipping": shipping,
        "revenue": subtotal - discount,
        "total": subtotal - discount + shipping,
        "currency": "TWD",
        "products": lines,
    }
    return order | {"coupon": "REGULAR10"} if discount else order
