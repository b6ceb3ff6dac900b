"""Secrets under seal."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.kernel.seal import Seal, SealedError, is_sealed


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "seal.key"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text(), purpose=st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_is_opened_again(key_file: Path, secret: str, purpose: str) -> None:
    sealed = Seal(key_file).close(secret, purpose)
    assert is_sealed(sealed)
    assert Seal(key_file).open(sealed, purpose) == secret


def test_the_key_is_made_when_it_is_needed_and_for_the_shop_alone(key_file: Path) -> None:
    seal = Seal(key_file)
    assert seal.open("in the clear", "a") == "in the clear"
    assert not key_file.exists()
    first = seal.close("s3cret", "a")
    key = key_file.read_bytes()
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert seal.close("s3cret", "a") != first, "the same secret twice does not look the same"
    assert key_file.read_bytes() == key
    assert [path.name for path in key_file.parent.iterdir()] == ["seal.key"]


def test_what_was_sealed_for_one_purpose_is_not_opened_for_another(key_file: Path) -> None:
    seal = Seal(key_file)
    with pytest.raises(SealedError, match="is damaged"):
        seal.open(seal.close("s3cret", "destination:1"), "destination:2")


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8, 1])
def test_what_was_changed_or_cut_is_not_opened(key_file: Path, place: float) -> None:
    seal = Seal(key_file)
    sealed = seal.close("s3cret of some length", "a")
    start = len("sealed:1:01234567:")
    at = start + int((len(sealed) - start - 6) * place)
    other = "A" if sealed[at] != "A" else "B"
    for wrong in (sealed[:at] + other + sealed[at + 1 :], sealed[:at]):
        with pytest.raises(SealedError):
            seal.open(wrong, "a")


def test_without_its_key_or_with_another_one_the_sentence_says_what_to_do(key_file: Path) -> None:
    sealed = Seal(key_file).close("s3cret", "a")
    key_file.unlink()
    with pytest.raises(SealedError, match="is not there"):
        Seal(key_file).open(sealed, "a")
    Seal(key_file).close("another", "a")
    with pytest.raises(SealedError, match="another key than the one in"):
        Seal(key_file).open(sealed, "a")
    key_file.write_text("no key")
    with pytest.raises(SealedError, match="is no key"):
        Seal(key_file).close("another", "a")


def _close(key_file: Path) -> str:
    return Seal(key_file).close("s3cret", "a")


def test_processes_that_seal_at_once_share_one_key(key_file: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        sealed = pool.map(_close, [key_file] * 16, chunksize=1)
    assert {Seal(key_file).open(one, "a") for one in sealed} == {"s3cret"}


def _refuses_links(number: int) -> Callable[[Path, Path], None]:
    def link(source: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), str(source), None, str(target))

    return link


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_drive_without_second_names_for_a_file_holds_a_key_all_the_same(
    key_file: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", _refuses_links(number))
    first = Seal(key_file).close("s3cret", "a")
    key = key_file.read_bytes()
    assert key_file.stat().st_mode & 0o777 == 0o600
    Seal(key_file)._make()  # a process that looked a moment before the key was there
    assert key_file.read_bytes() == key, "the first one's key stays"
    assert Seal(key_file).open(first, "a") == "s3cret"
    assert {path.name for path in key_file.parent.iterdir()} == {"seal.key", ".regulars-seal.key.lock"}


def _close_without_links(key_file: Path) -> str:
    os.link = _refuses_links(errno.EPERM)  # type: ignore[assignment]  # the part of its signature that is used
    return Seal(key_file).close("s3cret", "a")


def test_processes_that_seal_at_once_on_such_a_drive_share_one_key(key_file: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        sealed = pool.map(_close_without_links, [key_file] * 16, chunksize=1)
    assert {Seal(key_file).open(one, "a") for one in sealed} == {"s3cret"}


def test_where_no_key_can_be_made_the_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(SealedError, match="cannot be made: No such file or directory"):
        Seal(tmp_path / "not" / "there" / "seal.key").close("s3cret", "a")
