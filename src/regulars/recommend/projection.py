"""What do new facts mean to recommendations? Interactions and shown slates are filed, in the worker's transaction."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, get_args  # Any: properties are whatever was sent

from sqlalchemy import Connection

from regulars.catalog import Interaction, interactions_of, touches_items
from regulars.catalog.core import InteractionKind
from regulars.events.core import Batch, Event, Merge
from regulars.kernel.ids import CustomerId
from regulars.recommend import store
from regulars.recommend.core.popular import crowd_of
from regulars.recommend.store import InteractionRow, OwnerRow, ShownRow, State

SLATE_SHOWN = "Slate Shown"
OWN_SOURCE = "regulars"
SLATE_ITEMS_MAX = 200
SLATE_ID_CHARACTERS_MAX = 64
KINDS: tuple[InteractionKind, ...] = get_args(InteractionKind)
KIND_NUMBERS: dict[str, int] = {kind: number for number, kind in enumerate(KINDS)}


class _Touch(NamedTuple):
    """An event that touches items: its place in the batch, the anchor it is filed under, and whose that is."""

    place: int
    anchor: int
    customer_id: CustomerId
    event: Event
    lines: list[Interaction]


class _Showing(NamedTuple):
    """A slate that was shown, and the items it had. Without an anchor nobody knows to whom."""

    place: int
    anchor: int | None
    customer_id: CustomerId | None
    event: Event
    item_ids: list[str]


class RecommendProjection:
    """Files interactions by anchor. A projection of the street, and a keeper of customers."""

    name = "recommend"

    def project(self, batch: Batch, connection: Connection) -> None:
        """Take the batch in: owners first, then interactions, then slates, all numbered in log order."""
        if batch.merges:
            self.merge_customers(connection, batch.merges)
        touches, showings = _touches(batch), _showings(batch)
        if not touches and not showings:
            return
        _own(connection, touches, showings)
        item_ids = [line.item_id for touch in touches for line in touch.lines]
        numbers = store.item_numbers(connection, item_ids + [one for shown in showings for one in shown.item_ids])
        state = store.state(connection)
        rows = _interaction_rows(touches, numbers, state.next_seq)
        slates = _slate_rows(touches, showings, numbers, state)
        store.add_interactions(connection, rows)
        store.add_slates(connection, slates)
        store.set_state(
            connection,
            state._replace(next_seq=state.next_seq + len(rows), next_slate_seq=state.next_slate_seq + len(slates)),
        )

    def merge_customers(self, connection: Connection, merges: Sequence[Merge]) -> None:
        """Give all that is filed under each absorbed customer to the one kept."""
        state = store.state(connection)
        if store.move(connection, merges, state.next_version):
            store.set_state(connection, state._replace(next_version=state.next_version + 1))

    def erase_customers(self, connection: Connection, customer_ids: Sequence[CustomerId]) -> int:
        """Remove every row of these customers and return how many went; the models are learned anew afterwards."""
        return store.erase(connection, customer_ids)


def _touches(batch: Batch) -> list[_Touch]:
    found = []
    for place, event in enumerate(batch.events):
        anchor, customer = batch.anchors[place], batch.customer_ids[place]
        if anchor is None or customer is None or event.call != "track" or not touches_items(event.name):
            continue
        lines = interactions_of(event.name, event.properties)
        if lines:
            found.append(_Touch(place, anchor, customer, event, lines))
    return found


def _showings(batch: Batch) -> list[_Showing]:
    found = []
    for place, event in enumerate(batch.events):
        if event.name != SLATE_SHOWN or event.source_id != OWN_SOURCE:
            continue
        items = event.properties.get("items")
        ids = [_text(item.get("item_id")) for item in items if isinstance(item, Mapping)] if items else []
        shown = [one for one in ids if one][:SLATE_ITEMS_MAX]
        found.append(_Showing(place, batch.anchors[place], batch.customer_ids[place], event, shown))
    return found


def _text(value: Any) -> str:  # Any: a property as it was sent
    return value if isinstance(value, str) else ""


def _own(connection: Connection, touches: Sequence[_Touch], showings: Sequence[_Showing]) -> None:
    """Keep whose the anchors are, where that is news."""
    owned = {touch.anchor: touch.customer_id for touch in touches}
    owned |= {one.anchor: one.customer_id for one in showings if one.anchor is not None and one.customer_id}
    known = store.owners(connection, sorted(owned))
    news = {anchor: customer for anchor, customer in owned.items() if known.get(anchor) != customer}
    if news:
        state = store.state(connection)
        store.set_owners(connection, [OwnerRow(anchor, who, state.next_version) for anchor, who in news.items()])
        store.set_state(connection, state._replace(next_version=state.next_version + 1))


def _interaction_rows(touches: Sequence[_Touch], numbers: Mapping[str, int], first: int) -> list[InteractionRow]:
    rows: list[InteractionRow] = []
    for touch in touches:
        event = touch.event
        crowd = crowd_of(event.context)
        slate_id = _text(event.properties.get("slate_id"))[:SLATE_ID_CHARACTERS_MAX] or None
        for line in touch.lines:
            number, kind = numbers[line.item_id], KIND_NUMBERS[line.kind]
            seq = first + len(rows)
            rows.append(
                InteractionRow(seq, touch.anchor, number, event.occurred_us, kind, line.strength, crowd, slate_id)
            )
    return rows


def _slate_rows(
    touches: Sequence[_Touch], showings: Sequence[_Showing], numbers: Mapping[str, int], state: State
) -> list[ShownRow]:
    """Return the slates' rows, each with the interaction that stood last before it."""
    lines = list(accumulate((len(touch.lines) for touch in touches), initial=state.next_seq - 1))
    places = [touch.place for touch in touches]
    return [
        ShownRow(
            slate_seq=state.next_slate_seq + order,
            slate_id=_text(shown.event.properties.get("slate_id"))[:SLATE_ID_CHARACTERS_MAX],
            anchor=shown.anchor,
            slot=_text(shown.event.properties.get("slot")),
            policy=_text(shown.event.properties.get("policy")),
            shown_us=shown.event.occurred_us,
            after_seq=lines[bisect_left(places, shown.place)],
            item_nos=array("i", [numbers[item_id] for item_id in shown.item_ids]).tobytes(),
        )
        for order, shown in enumerate(showings)
    ]
