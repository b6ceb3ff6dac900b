"""What does training leave behind? Flat arrays under a version, memory-mapped by every process that answers.

An artifact is immutable. A version counts only once the pointer `current` names it, and that is written last, so a
reader never sees half of one.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any  # Any: an array of any element type

import msgspec
import numpy as np
from numpy.typing import NDArray

from regulars.kernel.files import Files
from regulars.kernel.ids import CustomerId

ROOT = "models/recommend"
CURRENT = f"{ROOT}/current"
VERSIONS_KEPT = 3

Array = NDArray[Any]  # Any: each array has its own element type, named where it is read


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a version without opening its arrays.

    `through_seq` is the last interaction it has learned from, `through_version` the last change of an owner,
    `kind` how it learned long-term taste. All numbers in it are those of one `generation` of the tables.
    """

    version: str
    kind: str
    trained_at: datetime
    through_seq: int
    through_version: int
    erased_version: int
    interactions: int
    customers: int
    items: int
    items_total: int
    sessions: int
    seconds: float
    landmark_us: int
    latest_us: int
    crowds: list[str]
    metrics: dict[str, float] | None = None
    generation: str = ""


class Artifact:
    """An opened version: its description, its items' ids by number, its arrays by name."""

    def __init__(self, about: Trained, item_ids: list[str], arrays: Mapping[str, Array]) -> None:
        self.about = about
        self.item_ids = item_ids
        self.arrays = arrays

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def customer_row(self, customer_id: CustomerId) -> int:
        """Return the row of a customer, -1 when training has not met them."""
        high, low = customer_key(customer_id)
        keys, lows = self.arrays["customer_high"], self.arrays["customer_low"]
        place = int(np.searchsorted(keys, np.uint64(high)))
        while place < len(keys) and int(keys[place]) == high:
            if int(lows[place]) == low:
                return place
            place += 1
        return -1


def customer_key(customer_id: str) -> tuple[int, int]:
    """Return the 128 bits that stand for a customer in an artifact, so that no id is written to a file."""
    digest = hashlib.blake2b(customer_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")


def write(files: Files, artifact: Artifact) -> None:
    """Write a version, then let `current` name it, then drop the oldest."""
    folder = f"{ROOT}/{artifact.about.version}"
    for name, array in artifact.arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        files.put_atomic(f"{folder}/{name}.npy", buffer.getvalue())
    files.put_atomic(f"{folder}/items.json", msgspec.json.encode(artifact.item_ids))
    files.put_atomic(f"{folder}/about.json", msgspec.json.encode(artifact.about))
    files.put_atomic(CURRENT, artifact.about.version.encode())
    for old in versions(files)[VERSIONS_KEPT:]:
        files.delete(f"{ROOT}/{old}")


def versions(files: Files) -> list[str]:
    """Return every complete version, the newest first."""
    found = [path.split("/")[-2] for path in files.list(ROOT) if path.endswith("/about.json")]
    return sorted(found, reverse=True)


def current(files: Files) -> str | None:
    """Return the version that answers, None before the first training."""
    return files.read(CURRENT).decode().strip() if files.exists(CURRENT) else None


def answering(files: Files, generation: str) -> str | None:
    """Return the version that answers for tables of a generation: the current one, or the newest that fits them."""
    named = current(files)
    candidates = [named, *versions(files)] if named else []
    return next((version for version in candidates if about(files, version).generation == generation), None)


def about(files: Files, version: str) -> Trained:
    """Return the description of a version."""
    return msgspec.json.decode(files.read(f"{ROOT}/{version}/about.json"), type=Trained)


def read(files: Files, version: str) -> Artifact:
    """Open a version; its arrays stay on disk until they are touched."""
    folder = f"{ROOT}/{version}"
    names = [path for path in files.list(folder) if path.endswith(".npy")]
    arrays = {path.rsplit("/", 1)[1].removesuffix(".npy"): _mapped(files, path) for path in names}
    item_ids = msgspec.json.decode(files.read(f"{folder}/items.json"), type=list[str])
    return Artifact(about(files, version), item_ids, arrays)


def _mapped(files: Files, path: str) -> Array:
    """Return an array that stays on disk, as a plain view: `memmap` itself takes microseconds for every slice."""
    mapped: Array = np.load(files.local_path(path), mmap_mode="r", allow_pickle=False)
    return mapped.view(np.ndarray)


def forget(files: Files, version: str) -> None:
    """Remove a version; for one that remembers somebody who asked to be forgotten."""
    files.delete(f"{ROOT}/{version}")
