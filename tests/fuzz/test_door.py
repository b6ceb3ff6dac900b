"""Whatever is sent, the door answers with a documented status and a sentence, and what it took can be read for ever.

pytest tests/fuzz -m slow            # a million requests
FUZZ_REQUESTS=50000 FUZZ_SEED=7 pytest tests/fuzz -m slow
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.knocking import Knocking, a_door
from tests.fuzz.nonsense import Nonsense, Sent, captures

from regulars.app.shop import Shop, open_shop
from regulars.kernel.clock import SystemClock

SEED = int(os.environ.get("FUZZ_SEED", "1"))
QUICK = 6_000
MANY = int(os.environ.get("FUZZ_REQUESTS", "300000"))  # a million takes a quarter of an hour
SHARE_FOR_THE_SHOP = 25  # each so manieth record goes through a whole shop
RECORDS_A_CATCH_UP = 400
GROWTH_BLOCKS_MAX = 5_000
GROWTH_BYTES_MAX = 4_000_000  # tables of a bounded size that double while they fill; in a million requests 1.9 MB


@pytest.fixture
def knocking(tmp_path: Path) -> Iterator[Knocking]:
    knocking = a_door(tmp_path, SystemClock())
    yield knocking
    knocking.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knocking]:
    knocking = a_door(tmp_path_factory.mktemp("door"), SystemClock())
    yield knocking
    knocking.close()


def test_what_real_sdks_sent_is_taken_as_it_was(knocking: Knocking) -> None:
    for sent in captures():
        knocking.knock(sent)
    assert set(knocking.statuses) <= {200, 204, 401, 404}
    assert knocking.rejected == 0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (Sent("POST", "/v1/track", [(b"content-length", b"9" * 5_000)], b"{}"), 413),
        (Sent("POST", "/v1/batch", [], b'{"writeKey":"wk_open","batch":[],"context":{"ver\xf3":1}}'), 400),
    ],
    ids=["a length of thousands of digits", "a name that is no UTF-8"],
)
def test_what_once_broke_the_door_is_answered(knocking: Knocking, sent: Sent, status: int) -> None:
    knocking.knock(sent)
    assert knocking.statuses == {status: 1}


def test_thousands_of_requests_gone_wrong_are_answered_and_worked_off(knocking: Knocking, tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop") as shop:
        _knock(knocking, Nonsense(SEED), QUICK, shop, share=6)
    assert knocking.statuses[200] > QUICK // 10, "nearly nothing got through: the nonsense is too crude"
    assert knocking.statuses[400] > QUICK // 10, "nearly everything got through: the nonsense is too tame"


@settings(deadline=None, max_examples=150, derandomize=True)
@given(body=st.binary(max_size=2_000), path=st.sampled_from(["/v1/track", "/v1/batch", "/v1/b", "/v1/cookie"]))
def test_any_bytes_at_all_are_answered(shared: Knocking, body: bytes, path: str) -> None:
    shared.knock(Sent("POST", path, [], body))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(properties=_JSON, traits=_JSON, context=_JSON, timestamp=_JSON, user=_JSON)
def test_any_values_in_an_event_are_answered(
    shared: Knocking, properties: object, traits: object, context: object, timestamp: object, user: object
) -> None:
    event = {
        "type": "track", "event": "e", "userId": user, "anonymousId": "a", "properties": properties, "traits": traits,
        "context": context, "timestamp": timestamp, "writeKey": "wk_open",
    }  # fmt: skip
    body = json.dumps(event).encode("utf-8", "surrogatepass")
    shared.knock(Sent("POST", "/v1/track", [], body))
    shared.knock(Sent("POST", "/v1/batch", [], b'{"writeKey":"wk_open","batch":[' + body + b"]}"))


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_very_many_requests_gone_wrong_break_nothing_and_leave_no_memory_behind(
    knocking: Knocking, tmp_path: Path
) -> None:
    nonsense = Nonsense(SEED)
    with open_shop(tmp_path / "shop") as shop:
        _knock(knocking, nonsense, MANY // 10, shop, share=SHARE_FOR_THE_SHOP)  # caches fill, pools grow
    before = _memory()
    _knock(knocking, nonsense, MANY - MANY // 10)
    blocks, own_bytes = (now - then for now, then in zip(_memory(), before, strict=True))
    told = f"{MANY:,} requests: {dict(knocking.statuses)}; {knocking.taken:,} taken with {knocking.events:,} events"
    told += f" and {knocking.rejected:,} rejected; slowest {knocking.slowest_s:.3f} s; {own_bytes / 1e6:+.1f} MB"
    sys.stdout.write(f"{told}, {blocks:+,} blocks\n")
    assert blocks < GROWTH_BLOCKS_MAX, "objects of Python are left behind"
    assert own_bytes < GROWTH_BYTES_MAX, "memory is left behind"


def _knock(knocking: Knocking, nonsense: Nonsense, count: int, shop: Shop | None = None, *, share: int = 1) -> None:
    waiting: list[bytes] = []
    for number, sent in enumerate(nonsense.requests(count)):
        came = knocking.knock(sent)
        if shop is not None and number % share == 0:
            waiting += came
            if len(waiting) >= RECORDS_A_CATCH_UP:
                _work_off(shop, waiting)
                waiting = []
    if shop is not None:
        _work_off(shop, waiting)


def _work_off(shop: Shop, payloads: list[bytes]) -> None:
    shop.log.append_many(payloads)
    shop.catch_up()


def _memory() -> tuple[int, int]:
    """Return how many blocks Python holds, and how many bytes of the C library (0 where it is not glibc).

    What the process holds in all is no measure: after the largest bodies and bombs the allocator keeps room for more.
    """
    gc.collect()
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        return sys.getallocatedblocks(), 0
    ask.restype = _Mallinfo2
    told = ask()
    return sys.getallocatedblocks(), int(told.uordblks + told.hblkhd)


class _Mallinfo2(ctypes.Structure):
    """What glibc says of its heaps; see mallinfo(3)."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
        )
    )  # fmt: skip
