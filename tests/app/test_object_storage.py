"""An S3 server over HTTP, its client as it is installed: hours of events go there, and backups come back from there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.destinations.conftest import happen, track

from regulars.app import open_shop
from regulars.app.backup.place import Place
from regulars.app.backup.restoring import restore
from regulars.destinations import Plan
from regulars.kernel.clock import WoundClock
from regulars.kernel.errors import NotFoundError
from regulars.kernel.files import Files

BUCKET = "lake"
KEYS = {"key": "k", "secret": "s"}

# botocore and moto call what the newest Python advises against
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return where a server with an empty bucket listens; programs without options of their own find it too."""
    import boto3
    from moto.server import ThreadedMotoServer

    for name, value in (("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", "s"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket=BUCKET)
    yield url
    server.stop()


def test_files_are_put_replaced_listed_and_removed(s3: str) -> None:
    with closing(Files(f"s3://{BUCKET}/files", {"endpoint_url": s3, **KEYS})) as files:
        files.put_atomic("a/small", b"hello")
        with files.open("a/large", "wb") as file:
            file.write(b"x" * 6_000_000)  # above the size of one part
        assert (files.list("a"), files.read("a/small")) == (["a/large", "a/small"], b"hello")
        files.replace("a/small", "a/large")
        assert (files.list(), files.size("a/small")) == (["a/small"], 6_000_000)
        assert files.local_path("a/small").stat().st_size == 6_000_000
        files.delete("a")
        assert (files.list(), files.exists("a/small")) == ([], False)
        with pytest.raises(NotFoundError):
            files.read("a/small")


def test_hours_of_events_are_written_there_whole(s3: str, tmp_path: Path, clock: WoundClock) -> None:
    options = {"endpoint_url": s3, **KEYS}
    with open_shop(tmp_path / "shop", clock=clock) as shop:
        plan = Plan(name="Warehouse", settings={"url": f"s3://{BUCKET}/warehouse", "options": options})
        made = shop.destinations.create("parquet", plan).destination
        happen(shop, track("Order Completed", total=1), track("Order Completed", total=2))
        clock.wind(timedelta(hours=1, minutes=3))
        while shop.destinations.deliver():
            pass
        assert shop.destinations.get(made.destination_id).health.hours_done == 1
    with closing(Files(f"s3://{BUCKET}/warehouse", options)) as files:
        names = files.list("events/dt=2026-10-01/hour=12")
        assert [name.rpartition("/")[2] for name in names] == ["_SUCCESS", "_manifest.json", "part-00000.parquet"]
        rows = pq.read_table(io.BytesIO(files.read(names[2]))).to_pylist()
    assert [row["name"] for row in rows] == ["Order Completed"] * 2


def test_a_backup_there_is_verified_and_restored(s3: str, tmp_path: Path, clock: WoundClock) -> None:
    assert s3
    place = f"s3://{BUCKET}/backups"
    with open_shop(tmp_path / "shop", clock=clock) as shop:
        happen(shop, track("Order Completed", total=1))
        assert shop.backups.take(place, verified=True).verified_at is not None
        happen(shop, track("Order Completed", total=2))
        assert shop.backups.take(place, keep=1, verified=True).verified_at is not None
    with closing(Place(place)) as opened:
        assert len(opened.manifests()) == 1
        restore(opened, tmp_path / "back", clock=clock)
    with open_shop(tmp_path / "back", clock=clock) as again:
        assert again.profiles.by("user_id", "ann").events_total == 2
