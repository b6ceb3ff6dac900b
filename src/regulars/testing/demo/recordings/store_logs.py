"""Shop logs in their published forms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any  # Any: a cell is whatever the file holds

import msgspec

from regulars.catalog import AttributeValue, Item
from regulars.kernel.ids import ItemId
from regulars.testing.demo.recordings.recording import Gathering, Recording, at_us, need, number, opened, table

ONLINE_RETAIL_TERMS = "Online Retail (Daqing Chen, UCI Machine Learning Repository), CC BY 4.0; as `onlineretail`, CC0."
RETAILROCKET_TERMS = "Retailrocket recommender system dataset (Kaggle), CC BY-NC-SA 4.0."
OTTO_TERMS = "OTTO recommender systems dataset (Normann et al. 2022), CC BY 4.0."
YOOCHOOSE_TERMS = "YooChoose, RecSys Challenge 2015, CC BY-NC-ND 4.0."

_RETAIL_NAMES = {"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"}  # of Online Retail II


def online_retail(path: Path, rows_max: int) -> Recording:
    """Read Online Retail (I or II) as CSV or Parquet: one order line a row, one order an invoice."""
    gathered = Gathering("online-retail")
    lines = _retail_lines(path, rows_max)
    for invoice, group in groupby(lines, key=lambda line: str(line.get("InvoiceNo"))):
        rows = list(group)
        when, customer = at_us(rows[0].get("InvoiceDate")), number(rows[0].get("CustomerID"))
        products = [line for line in map(_retail_product, rows) if line is not None]
        gathered.skipped += len(rows) - len(products)
        if when is None or customer is None or not products:
            gathered.skipped += len(products)
            continue
        for product in products:
            _keep(gathered, product["product_id"], product["name"], {"price": product["price"], "currency": "GBP"})
        _order(gathered, invoice, when, (str(int(customer)), None), products)
    return gathered.recording(ONLINE_RETAIL_TERMS)


def _retail_lines(path: Path, rows_max: int) -> Iterator[dict[str, Any]]:  # Any: a cell
    for index, raw in enumerate(islice(table(path), rows_max)):
        row = {_RETAIL_NAMES.get(name, name): value for name, value in raw.items()}
        if index == 0:
            need(row, ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"), path)
        yield row


def _retail_product(row: dict[str, Any]) -> dict[str, Any] | None:  # Any: a cell
    quantity, price = number(row.get("Quantity")), number(row.get("UnitPrice"))
    code = str(row.get("StockCode") or "").strip()
    if not code or quantity is None or price is None:
        return None
    name = str(row.get("Description") or "").strip() or code
    return {"product_id": code, "name": name, "price": price, "quantity": int(quantity), "currency": "GBP"}


def _order(
    gathered: Gathering,
    order_id: str,
    when: int,
    who: tuple[str | None, str | None],
    products: list[dict[str, Any]],  # Any: as above
) -> None:
    returned = order_id.upper().startswith("C") or all(line["quantity"] < 0 for line in products)
    positive = [{**line, "quantity": abs(line["quantity"])} for line in products]
    total = round(sum(line["price"] * line["quantity"] for line in positive), 2)
    order = {"order_id": order_id, "products": positive, "total": total, "revenue": total}
    gathered.add("track", "Order Refunded" if returned else "Order Completed", when, who, order)


def _keep(gathered: Gathering, item_id: str, title: str, attributes: dict[str, AttributeValue]) -> None:
    item = Item(item_id=ItemId(item_id), kind="product", title=title, attributes=attributes)
    gathered.items.setdefault(item_id, item)


def retailrocket(path: Path, rows_max: int) -> Recording:
    """Read `events.csv`: views, additions to the basket and transactions of anonymous visitors."""
    gathered = Gathering("retailrocket")
    for index, row in enumerate(islice(table(path), rows_max)):
        if index == 0:
            need(row, ("timestamp", "visitorid", "event", "itemid"), path)
        milliseconds, item_id = number(row["timestamp"]), str(row["itemid"] or "").strip()
        name = {"view": "Product Viewed", "addtocart": "Product Added", "transaction": "Order Completed"}.get(
            str(row["event"])
        )
        if milliseconds is None or not item_id or name is None:
            gathered.skipped += 1
            continue
        _keep(gathered, item_id, f"Item {item_id}", {})
        _touch(gathered, name, int(milliseconds) * 1_000, str(row["visitorid"]), item_id, row.get("transactionid"))
    return gathered.recording(RETAILROCKET_TERMS)


def _touch(gathered: Gathering, name: str, when: int, visitor: str, item_id: str, order_id: object) -> None:
    properties: dict[str, Any] = {"product_id": item_id}  # Any: as above
    if name == "Order Completed":
        properties = {"order_id": str(order_id), "products": [{"product_id": item_id, "quantity": 1}]}
    gathered.add("track", name, when, (None, visitor), properties)


def otto(path: Path, rows_max: int) -> Recording:
    """Read OTTO's JSON lines: one session a line, its clicks, carts and orders inside."""
    gathered = Gathering("otto")
    names = {"clicks": "Product Viewed", "carts": "Product Added", "orders": "Order Completed"}
    with opened(path) as text:
        for line in text:
            if len(gathered.calls) >= rows_max:
                break
            try:
                session = msgspec.json.decode(line)
                events = [(int(e["ts"]), names[e["type"]], str(e["aid"])) for e in session["events"]]
                visitor = str(session["session"])
            except (msgspec.DecodeError, KeyError, TypeError, ValueError, UnicodeEncodeError):
                gathered.skipped += 1
                continue
            for milliseconds, name, item_id in events[: rows_max - len(gathered.calls)]:
                _keep(gathered, item_id, f"Article {item_id}", {})
                _touch(gathered, name, milliseconds * 1_000, visitor, item_id, f"{visitor}-{milliseconds}")
    return gathered.recording(OTTO_TERMS)


def yoochoose(path: Path, rows_max: int) -> Recording:
    """Read `yoochoose-clicks.dat`, and `yoochoose-buys.dat` where it lies beside it."""
    gathered = Gathering("yoochoose")
    columns = ("session", "at", "item", "category")
    for row in islice(table(path, columns=columns), rows_max):
        when, item_id = at_us(row["at"]), str(row["item"] or "").strip()
        if when is None or not item_id:
            gathered.skipped += 1
            continue
        category = str(row["category"] or "0")
        _keep(gathered, item_id, f"Item {item_id}", {} if category == "0" else {"category": category})
        _touch(gathered, "Product Viewed", when, row["session"], item_id, None)
    buys = path.with_name(path.name.replace("clicks", "buys"))
    if buys != path and buys.is_file():
        _yoochoose_buys(gathered, buys, rows_max)
    return gathered.recording(YOOCHOOSE_TERMS)


def _yoochoose_buys(gathered: Gathering, path: Path, rows_max: int) -> None:
    columns = ("session", "at", "item", "price", "quantity")
    rows = islice(table(path, columns=columns), rows_max)
    for (session, at), group in groupby(rows, key=lambda row: (row["session"], row["at"])):
        when, lines = at_us(at), list(group)
        if when is None:
            gathered.skipped += len(lines)
            continue
        products = [
            {
                "product_id": str(line["item"]),
                "name": f"Item {line['item']}",
                "price": number(line["price"]) or 0.0,
                "quantity": int(number(line["quantity"]) or 1),
            }
            for line in lines
        ]
        _order(gathered, f"{session}-{when}", when, (None, session), products)
