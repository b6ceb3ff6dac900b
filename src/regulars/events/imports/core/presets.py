"""Mappings for files that many shops have. Pure.

A preset fits a file whose columns hold all of its own; columns that it would like and the file lacks are left out.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from regulars.events.evidence import CARD, PHONE
from regulars.events.imports.core.mapping import EMAIL, USER_ID, Part, RowMapping, When, Who
from regulars.kernel.errors import NotFoundError, nearest
from regulars.kernel.tables import Layout


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping for a well-known file; `needs` are the columns by which it is recognised."""

    name: str
    title: str
    about: str
    needs: list[str]
    mapping: RowMapping


def _line(column: str, name: str, kind: str = "text") -> Part:
    return msgspec.convert({"column": column, "name": name, "type": kind, "where": "line"}, Part)


def _of_order(column: str, name: str, kind: str = "money") -> Part:
    return msgspec.convert({"column": column, "name": name, "type": kind}, Part)


def _trait(column: str, name: str) -> Part:
    return Part(column=column, name=name, where="customer")


SHOPIFY = Preset(
    name="shopify_orders",
    title="Shopify, orders",
    about="Orders → Export → Plain CSV. One line of an order a row; what belongs to the order stands in its first row.",
    needs=["Name", "Email", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price"],
    mapping=RowMapping(
        row="order_line",
        order_id=["Name"],
        who=[Who(kind=EMAIL, column="Email"), Who(kind=PHONE, column="Phone")],
        when=When(columns=["Created at"], format="iso"),
        properties=[
            _line("Lineitem sku", "product_id"),
            _line("Lineitem name", "name"),
            _line("Lineitem price", "price", "money"),
            _line("Lineitem quantity", "quantity", "whole"),
            _line("Vendor", "brand"),
            _of_order("Total", "total"),
            _of_order("Subtotal", "subtotal"),
            _of_order("Shipping", "shipping"),
            _of_order("Taxes", "tax"),
            _of_order("Discount Amount", "discount"),
            _of_order("Discount Code", "coupon", "text"),
            _of_order("Currency", "currency", "text"),
            _of_order("Source", "affiliation", "text"),
            _of_order("Payment Method", "payment_method", "text"),
            _trait("Billing Name", "name"),
            _trait("Billing City", "city"),
            _trait("Billing Country", "country"),
        ],
        leave_out={"Financial Status": ["voided", "pending", "expired"]},
    ),
)

WOOCOMMERCE = Preset(
    name="woocommerce_orders",
    title="WooCommerce, orders by item",
    about="Customer/Order/Coupon Export, the default CSV with one row per line item.",
    needs=["order_id", "billing_email", "item_name", "item_quantity"],
    mapping=RowMapping(
        row="order_line",
        order_id=["order_id"],
        who=[
            Who(kind=USER_ID, column="customer_id"),
            Who(kind=EMAIL, column="billing_email"),
            Who(kind=PHONE, column="billing_phone"),
        ],
        when=When(columns=["date"], format="iso"),
        properties=[
            _line("item_sku", "sku"),
            _line("item_product_id", "product_id"),
            _line("item_name", "name"),
            _line("item_price", "price", "money"),
            _line("item_quantity", "quantity", "whole"),
            _of_order("order_total", "total"),
            _of_order("shipping_total", "shipping"),
            _of_order("tax_total", "tax"),
            _of_order("discount_total", "discount"),
            _of_order("order_currency", "currency", "text"),
            _of_order("payment_method", "payment_method", "text"),
            _trait("billing_first_name", "first_name"),
            _trait("billing_last_name", "last_name"),
            _trait("billing_city", "city"),
            _trait("billing_country", "country"),
        ],
        leave_out={"status": ["cancelled", "failed", "pending", "trash"]},
    ),
)

ONLINE_RETAIL = Preset(
    name="online_retail",
    title="Online Retail (UCI)",
    about="Invoices of a gift shop, 2010 to 2011; a line an item, returns below zero.",
    needs=["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"],
    mapping=RowMapping(
        row="order_line",
        order_id=["InvoiceNo"],
        who=[Who(kind=USER_ID, column="CustomerID")],
        when=When(columns=["InvoiceDate"], format="MM/DD/YYYY HH:mm", zone="Europe/London"),
        properties=[
            _line("StockCode", "product_id"),
            _line("Description", "name"),
            _line("UnitPrice", "price", "money"),
            _line("Quantity", "quantity", "whole"),
            _trait("Country", "country"),
        ],
        constants={"currency": "GBP"},
    ),
)

MOVIELENS = Preset(
    name="movielens_ratings",
    title="MovieLens, ratings",
    about="ratings.csv of the published sets: who gave which film how many stars, and when.",
    needs=["userId", "movieId", "rating", "timestamp"],
    mapping=RowMapping(
        row="event",
        event="Title Rated",
        who=[Who(kind=USER_ID, column="userId")],
        when=When(columns=["timestamp"], format="unix_s"),
        properties=[Part(column="movieId", name="asset_id"), Part(column="rating", name="rating", type="number")],
    ),
)

LASTFM = Preset(
    name="lastfm_plays",
    title="Last.fm, plays of 1,000 people",
    about="userid-timestamp-artid-artname-traid-traname.tsv: no header, tabs, no quotes.",
    needs=["column 1", "column 2", "column 3", "column 4", "column 5", "column 6"],
    mapping=RowMapping(
        row="event",
        event="Song Played",
        who=[Who(kind=USER_ID, column="column 1")],
        when=When(columns=["column 2"], format="iso"),
        properties=[
            Part(column="column 5", name="asset_id"),
            Part(column="column 6", name="title"),
            Part(column="column 4", name="artist"),
        ],
        layout=Layout(delimiter="\t", has_header=False, has_quotes=False),
    ),
)

POS = Preset(
    name="pos_lines",
    title="A till, lines of receipts",
    about="One line of a receipt a row, with a loyalty card where one was shown; returns below zero.",
    needs=["receipt", "date", "product_id", "quantity", "price"],
    mapping=RowMapping(
        row="order_line",
        order_id=["store", "receipt"],
        who=[
            Who(kind=CARD, column="card"),
            Who(kind=EMAIL, column="email"),
            Who(kind=PHONE, column="phone"),
        ],
        when=When(columns=["date"], format="iso"),
        properties=[
            _line("product_id", "product_id"),
            _line("product", "name"),
            _line("price", "price", "money"),
            _line("quantity", "quantity", "whole"),
            _line("category", "category"),
            _of_order("store", "affiliation", "text"),
            _of_order("payment", "payment_method", "text"),
        ],
    ),
)

PRESETS: tuple[Preset, ...] = (SHOPIFY, WOOCOMMERCE, POS, ONLINE_RETAIL, MOVIELENS, LASTFM)


def preset_named(name: str) -> Preset:
    """Return a preset.

    Raises
    ------
    NotFoundError
        When there is none of this name.

    """
    for preset in PRESETS:
        if preset.name == name:
            return preset
    known = [preset.name for preset in PRESETS]
    raise NotFoundError(f"No preset is named {name!r}; there are {', '.join(known)}.{nearest(name, known)}")


def fitting(columns: Collection[str]) -> list[Preset]:
    """Return the presets whose columns a file has, fitted to it, the one that says most first."""
    found = [preset for preset in PRESETS if set(preset.needs) <= set(columns)]
    found.sort(key=lambda preset: -len(preset.needs))
    return [msgspec.structs.replace(preset, mapping=fitted(preset.mapping, columns)) for preset in found]


def fitted(mapping: RowMapping, columns: Collection[str]) -> RowMapping:
    """Return a mapping without what points at columns that the file lacks."""
    has = set(columns)
    return msgspec.structs.replace(
        mapping,
        order_id=[column for column in mapping.order_id if column in has],
        who=[one for one in mapping.who if one.column in has],
        properties=[part for part in mapping.properties if part.column in has],
        leave_out={column: values for column, values in mapping.leave_out.items() if column in has},
        message_id=mapping.message_id if mapping.message_id in has else "",
    )


def as_far_as(mapping: RowMapping, columns: Collection[str]) -> RowMapping:
    """Return a preset's mapping as far as a file has its columns; every other mapping as it is."""
    for preset in PRESETS:
        if mapping == msgspec.structs.replace(preset.mapping, layout=mapping.layout):
            return fitted(mapping, columns) if set(preset.needs) <= set(columns) else mapping
    return mapping
