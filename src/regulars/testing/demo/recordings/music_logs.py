"""Listening logs and song catalogues in their published forms."""

from __future__ import annotations

from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any  # Any: a cell is whatever the file holds

import msgspec

from regulars.catalog import AttributeValue, Item
from regulars.kernel.errors import InvalidError
from regulars.kernel.ids import ItemId
from regulars.testing.demo.recordings.recording import Gathering, Recording, at_us, number, opened, table

FMA_TERMS = (
    "Free Music Archive metadata (Defferrard, Benzi, Vandergheynst, Bresson, ISMIR 2017), CC BY 4.0; "
    "each track has a licence of its own."
)
LISTENBRAINZ_TERMS = "ListenBrainz listens (MetaBrainz Foundation), CC0; they are people's own: keep them to yourself."
LASTFM_TERMS = "Last.fm 1K users (Òscar Celma, 2010), for non-commercial use with Last.fm's permission."


def fma_catalogue(path: Path, rows_max: int) -> tuple[list[Item], str]:
    """Read `raw_tracks.csv` of FMA's metadata, or a Parquet file with its columns."""
    rows = islice(table(path), rows_max)
    items = [_fma_song(row) for row in rows if row.get("track_id") and row.get("track_title")]
    if not items:
        raise InvalidError(f"{path.name!r} names no track: an FMA catalogue has track_id and track_title.")
    return items, FMA_TERMS


def _fma_song(row: dict[str, Any]) -> Item:  # Any: a cell
    attributes: dict[str, AttributeValue] = {}
    for name, column in (("artist", "artist_name"), ("album", "album_title")):
        if row.get(column):
            attributes[name] = str(row[column])
    genres = _fma_genres(row.get("track_genres") or row.get("genres") or "")
    if genres:
        attributes["genres"] = genres
    seconds = _seconds(row.get("track_duration"))
    if seconds:
        attributes["seconds"] = seconds
    return Item(item_id=ItemId(str(row["track_id"])), kind="song", title=str(row["track_title"]), attributes=attributes)


def _fma_genres(cell: Any) -> list[str]:  # Any: a list, words, or Python's way of writing a list of objects
    if isinstance(cell, list):
        return [str(word) for word in cell]
    text = str(cell)
    if "genre_title" in text:
        parts = text.split("genre_title")[1:]
        return [part.split(":", 1)[1].strip().strip("'\"").split("'")[0] for part in parts if ":" in part]
    return [word.strip() for word in text.replace("|", ",").split(",") if word.strip()]


def _seconds(cell: Any) -> int | None:  # Any: seconds, or minutes:seconds
    parts = [number(part) for part in str(cell).split(":")]
    if not parts or any(part is None for part in parts):
        return None
    total = 0.0
    for part in parts:
        total = total * 60 + (part or 0.0)
    return round(total) or None


def listenbrainz(path: Path, rows_max: int) -> Recording:
    """Read a ListenBrainz dump: one listen a line."""
    gathered = Gathering("listenbrainz")
    with opened(path) as text:
        for line in islice(text, rows_max):
            if line.strip():
                _listen(gathered, line)
    return gathered.recording(LISTENBRAINZ_TERMS)


def _listen(gathered: Gathering, line: str) -> None:
    try:
        listen = msgspec.json.decode(line)
        track = listen["track_metadata"]
        artist, title = str(track["artist_name"]), str(track["track_name"])
        user = str(listen.get("user_name") or listen["user_id"])
    except (msgspec.DecodeError, KeyError, TypeError, UnicodeEncodeError):
        gathered.skipped += 1
        return
    when = at_us(listen.get("listened_at", listen.get("timestamp")))
    mapping = track.get("mbid_mapping") or track.get("additional_info") or {}
    _played(gathered, when, user, str(mapping.get("recording_mbid") or _made_id(artist, title)), artist, title)


def lastfm_1k(path: Path, rows_max: int) -> Recording:
    """Read `userid-timestamp-artid-artname-traid-traname.tsv`."""
    gathered = Gathering("lastfm-1k")
    columns = ("user", "at", "artist_id", "artist", "track_id", "track")
    for row in islice(table(path, delimiter="\t", columns=columns), rows_max):
        if not row.get("user") or not row.get("track"):
            gathered.skipped += 1
            continue
        artist, title = row.get("artist") or "Unknown", row["track"]
        _played(gathered, at_us(row["at"]), row["user"], row["track_id"] or _made_id(artist, title), artist, title)
    return gathered.recording(LASTFM_TERMS)


def _played(gathered: Gathering, when: int | None, user: str, item_id: str, artist: str, title: str) -> None:
    if when is None or not title:
        gathered.skipped += 1
        return
    song = Item(item_id=ItemId(item_id), kind="song", title=title, attributes={"artist": artist})
    gathered.items.setdefault(item_id, song)
    gathered.add("track", "Song Played", when, (user, None), {"asset_id": item_id, "title": title})


def _made_id(artist: str, title: str) -> str:
    return blake2b(f"{artist}\x1f{title}".casefold().encode("utf-8", "replace"), digest_size=8).hexdigest()
