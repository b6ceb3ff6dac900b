"""Files that many shops have go in by a ready mapping; a real shop's too, where it lies beside the project."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # Any: cells

import msgspec
import pytest
from pyarrow import parquet
from tests.imports.conftest import events_of, upload, work

from regulars.app import Shop
from regulars.events import read_request
from regulars.events.core import Event
from regulars.events.imports import HistoryReport
from regulars.events.record import AcceptedRequest, encode_entry
from regulars.kernel.clock import microseconds
from regulars.kernel.errors import InvalidError

REAL = Path(__file__).parents[3] / "shared" / "data" / "online-retail" / "known_customers.parquet"
ROWS = 20_000

SHOPIFY = """\
Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,\
Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing City,Phone,Vendor
#1001,Ann@example.org,paid,TWD,390.00,60.00,0.00,450.00,AUTUMN,10.00,2026-09-01 10:02:11 +0800,\
2,Tea,150.00,TEA-01,Ann Lee,Taipei,+886912345678,Corner
#1001,Ann@example.org,,,,,,,,,2026-09-01 10:02:11 +0800,1,Cup,100.00,CUP-02,,,,Corner
#1002,bob@example.org,voided,TWD,100.00,0.00,0.00,100.00,,0.00,2026-09-02 10:02:11 +0800,\
1,Cup,100.00,CUP-02,Bob,Tainan,,Corner
"""
WOOCOMMERCE = """\
order_id,status,date,customer_id,billing_email,billing_phone,billing_first_name,order_currency,order_total,\
shipping_total,item_product_id,item_sku,item_name,item_quantity,item_price
71,completed,2026-09-01 10:02:11,9,ann@example.org,,Ann,EUR,35.50,5.50,501,TEA-01,Tea,2,10.00
71,completed,2026-09-01 10:02:11,9,ann@example.org,,Ann,EUR,35.50,5.50,502,CUP-02,Cup,1,10.00
72,cancelled,2026-09-02 10:02:11,9,ann@example.org,,Ann,EUR,10.00,0.00,502,CUP-02,Cup,1,10.00
"""
POS = """\
store,receipt,date,card,product_id,product,quantity,price,payment
Daan,A-7,2026-09-01T10:02:11+08:00,9001,TEA-01,Tea,2,150,cash
Daan,A-7,2026-09-01T10:02:11+08:00,9001,CUP-02,Cup,-1,100,cash
"""
MOVIELENS = "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,3.0,1260759179\n"
LASTFM = "user_000001\t2009-05-04T13:54:10Z\ta7f7df4a\t坂本龍一\t4a39b2a0\tComposition 0919 (Live_2009_4_15)\n"


def told(shop: Shop) -> list[Event]:
    records = shop.log.read("worker", after=0, records_max=10_000)
    return [event for record in records for event in read_request(record).events]


def taken(shop: Shop, name: str, content: bytes, preset: str) -> HistoryReport:
    """Take a file in as the shop proposes: its columns are those of a ready mapping."""
    given = upload(shop, name, content)
    proposal = shop.imports.look(given.import_id, country="TW", zone="Asia/Taipei").proposal
    assert proposal.presets[0] == preset
    shop.imports.run(given.import_id, proposal.mapping)
    work(shop)
    report = shop.imports.find(given.import_id).report
    assert report is not None, "the import ran"
    return report


def products(event: Event) -> list[tuple[Any, ...]]:
    return [tuple(product.values()) for product in event.properties["products"]]


def test_an_export_of_shopify(shop: Shop) -> None:
    report = taken(shop, "orders.csv", SHOPIFY.encode(), "shopify_orders")
    assert (report.rows, report.taken, report.refused, report.left_out) == (3, 2, 0, 1)
    (order,) = [event for event in told(shop) if event.name == "Order Completed"]
    assert order.occurred_us == microseconds(datetime(2026, 9, 1, 2, 2, 11, tzinfo=UTC))
    assert products(order) == [("TEA-01", "Tea", 150, 2, "Corner"), ("CUP-02", "Cup", 100, 1, "Corner")]
    assert (order.properties["total"], order.properties["coupon"]) == (450, "AUTUMN")
    assert shop.identity.find("email", "ann@example.org") == shop.identity.find("phone", "+886912345678")
    assert shop.identity.find("email", "bob@example.org") is None, "his order was voided"


def test_an_export_of_woocommerce(shop: Shop) -> None:
    report = taken(shop, "orders.csv", WOOCOMMERCE.encode(), "woocommerce_orders")
    assert (report.taken, report.left_out) == (2, 1)
    (order,) = [event for event in told(shop) if event.name == "Order Completed"]
    assert (order.user_id, order.properties["total"], len(order.properties["products"])) == ("9", 35.5, 2)
    assert order.occurred_us == microseconds(datetime(2026, 9, 1, 2, 2, 11, tzinfo=UTC)), "the zone of who imports"
    assert shop.identity.find("user_id", "9") == shop.identity.find("email", "ann@example.org")


def test_a_till_whose_card_joins_who_showed_it_online(shop: Shop) -> None:
    card = {"externalIds": [{"id": "9001", "type": "card", "collection": "users", "encoding": "none"}]}
    call = {"type": "identify", "userId": "ann", "messageId": "i1", "context": card}
    source = shop.events.create_source("Shop front", "web").source_id
    body = msgspec.json.encode({"batch": [call]})
    shop.log.append_many([encode_entry(AcceptedRequest(source, shop.clock.now_us(), "", "", "batch", body))])
    report = taken(shop, "till.csv", POS.encode(), "pos_lines")
    assert {one.name: one.count for one in report.events} == {"Order Completed": 1, "Order Refunded": 1}
    assert events_of(shop, "user_id", "ann") == 3


def test_ratings_of_movielens_and_plays_of_last_fm(shop: Shop) -> None:
    taken(shop, "ratings.csv", MOVIELENS.encode(), "movielens_ratings")
    rated = told(shop)[0]
    assert (rated.name, rated.user_id, rated.properties) == ("Title Rated", "1", {"asset_id": "31", "rating": 2.5})
    given = upload(shop, "plays.csv", LASTFM.encode())
    shop.imports.run(given.import_id, shop.imports.mapping("lastfm_plays"))
    work(shop)
    played = told(shop)[-1]
    assert (played.name, played.user_id) == ("Song Played", "user_000001")
    assert (played.properties["artist"], played.properties["asset_id"]) == ("坂本龍一", "4a39b2a0")


def test_a_program_takes_a_file_in_by_a_ready_mapping_as_far_as_the_file_has_its_columns(
    shop: Shop, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(SHOPIFY.replace(",Vendor", "").replace(",Corner", ""), encoding="utf-8")
    source = shop.events.create_source("Import", "import").source_id
    mapping = shop.imports.mapping("shopify_orders")
    report, _ = shop.imports.take_file(path, mapping, source_id=source)
    assert (report.taken, report.left_out, report.refused) == (2, 1, 0)
    named = msgspec.structs.replace(mapping, properties=[*mapping.properties[:1]], order_id=["Order"])
    with pytest.raises(InvalidError, match="no column 'Order'"):
        shop.imports.take_file(path, named, source_id=source)


@pytest.mark.skipif(not REAL.is_file(), reason="Online Retail does not lie in ../shared/data")
def test_a_real_shops_invoices_come_in_whole_and_their_returns_as_returns(shop: Shop, tmp_path: Path) -> None:
    rows = parquet.read_table(REAL).slice(0, ROWS)
    path = tmp_path / "online-retail.parquet"
    parquet.write_table(rows, path)
    report = taken(shop, path.name, path.read_bytes(), "online_retail")
    assert (report.rows, report.refused) == (ROWS, 0)
    bought: dict[str, set[int]] = {}
    returned: dict[str, set[int]] = {}
    for row in rows.to_pylist():
        kind = returned if row["Quantity"] < 0 else bought
        kind.setdefault(row["InvoiceNo"], set()).add(row["CustomerID"])
    counted = {one.name: one.count for one in report.events}
    assert (counted["Order Completed"], counted["Order Refunded"]) == (len(bought), len(returned))
    first = next(event for event in told(shop) if event.name == "Order Completed")
    assert first.occurred_us == microseconds(datetime(2010, 12, 1, 8, 26, tzinfo=UTC)), "London keeps winter time"
    assert first.properties["products"][0]["price"] == 2.55, "a price of four bytes is read as it was written"
    orders = Counter(customer for customers in bought.values() for customer in customers)
    orders.update(customer for customers in returned.values() for customer in customers)
    for customer, count in orders.most_common(5):
        counters = shop.profiles.by("user_id", str(customer)).counters
        done = sum(counters[name].count for name in ("Order Completed", "Order Refunded") if name in counters)
        assert done == count, customer
