"""An invented catalogue of songs or of products, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from regulars.catalog import AttributeValue, Item
from regulars.kernel.errors import InvalidError
from regulars.kernel.ids import ItemId
from regulars.testing.simulator.chance import Chance, Weights, at_quantile, zipf_weights
from regulars.testing.simulator.parameters import Music, Parameters, Store
from regulars.testing.simulator.words.goods import BRANDS, CATEGORIES, COLOURS, FINISHES
from regulars.testing.simulator.words.music import ARTISTS, GENRES, TITLES

# Tastes, moods and fresh songs in a session flatten what people play; weights start steeper by as much, so that plays
# come out with the slope that the parameters name. Fitted on 100,000 simulated plays.
MUSIC_STEEPER = 1.2


@dataclass(frozen=True, slots=True)
class Offer:
    """An item with how sought after it is, whoever asks."""

    item: Item
    weight: float


def music_catalogue(seed: int, parameters: Parameters) -> list[Offer]:
    """Return invented songs with their popularity."""
    music = parameters.music
    chance = Chance(seed, "songs")
    artists = _artists(music, parameters.people.languages, chance)
    by_fame = Weights(artists, [(index + 4) ** -0.5 for index in range(len(artists))])
    titles = _Titles(chance, TITLES)
    items = [_song(number, by_fame.pick(chance), titles, music, chance) for number in range(1, music.songs + 1)]
    return _with_popularity(items, music.popularity_slope * MUSIC_STEEPER, chance)


def store_catalogue(seed: int, parameters: Parameters) -> list[Offer]:
    """Return invented products with their popularity."""
    store = parameters.store
    chance = Chance(seed, "products")
    brands = _brands(store, parameters.people.languages, chance)
    seen: set[str] = set()
    items: list[Item] = []
    while len(items) < store.products:
        item = _product(len(items) + 1, chance.pick(brands), chance)
        if item.title not in seen:
            seen.add(item.title)
            items.append(item)
    return _with_popularity(items, store.popularity_slope, chance)


def offers_of(items: Sequence[Item], shop: str, seed: int, parameters: Parameters) -> list[Offer]:
    """Return a catalogue of one's own with a popularity by chance; what people need to know of an item is filled in.

    Raises
    ------
    InvalidError
        When nothing in it may be shown.

    """
    shown = [item for item in items if item.available]
    if not shown:
        raise InvalidError("The catalogue holds no item that may be shown, so nobody can visit it.")
    chance = Chance(seed, "own catalogue")
    missing: dict[str, AttributeValue] = {"category": "Everything", "brand": "No brand", "price": 100}
    slope = parameters.store.popularity_slope
    if shop == "music":
        missing = {"artist": "Unknown", "genres": ["Unknown"]}
        slope = parameters.music.popularity_slope * MUSIC_STEEPER
    filled = []
    for item in shown:
        seconds: dict[str, AttributeValue] = {"seconds": round(chance.draw(parameters.music.track_seconds))}
        attributes = missing | (seconds if shop == "music" else {}) | item.attributes
        filled.append(msgspec.structs.replace(item, attributes=attributes))
    return _with_popularity(filled, slope, chance)


def _with_popularity(items: Sequence[Item], slope: float, chance: Chance) -> list[Offer]:
    weights = chance.shuffled(zipf_weights(len(items), slope))
    return [Offer(item, weight) for item, weight in zip(items, weights, strict=True)]


class _Titles:
    """Names put together from words; none is given twice."""

    def __init__(self, chance: Chance, words: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self._chance = chance
        self._words = words
        self._given: set[str] = set()

    def one(self, language: str) -> str:
        words = self._words[language]
        for _ in range(1_000):
            pattern = self._chance.pick(words["patterns"])
            title = pattern.format(**{key: self._chance.pick(values) for key, values in words.items()})
            if title not in self._given:
                self._given.add(title)
                return title
        raise AssertionError(f"there are words enough for one more name in {language}")


@dataclass(frozen=True, slots=True)
class _Artist:
    name: str
    language: str
    genre: str
    second_genre: str


def _artists(music: Music, languages: Mapping[str, float], chance: Chance) -> list[_Artist]:
    names = _Titles(chance, ARTISTS)
    spoken = Weights(list(languages), list(languages.values()))
    genres = Weights(list(GENRES), [weight for weight, _ in GENRES.values()])
    made = []
    for _ in range(music.artists):
        language = spoken.pick(chance)
        made.append(_Artist(names.one(language), language, genres.pick(chance), genres.pick(chance)))
    return made


def _song(number: int, artist: _Artist, titles: _Titles, music: Music, chance: Chance) -> Item:
    genre = artist.genre if chance.happens(0.85) else artist.second_genre
    year = 2026 - int(chance.share() * chance.share() * 30)
    return Item(
        item_id=ItemId(f"song-{number:04}"),
        kind="song",
        title=titles.one(artist.language),
        attributes={
            "artist": artist.name,
            "genres": sorted({genre, artist.genre}),
            "mood": chance.pick(GENRES[genre][1]),
            "language": artist.language,
            "year": year,
            "seconds": round(chance.draw(music.track_seconds)),
        },
        tags=["new"] if year == 2026 else [],
    )


@dataclass(frozen=True, slots=True)
class _Brand:
    name: str
    language: str
    categories: tuple[str, ...]
    price_place: float


def _brands(store: Store, languages: Mapping[str, float], chance: Chance) -> list[_Brand]:
    names = _Titles(chance, BRANDS)
    spoken = Weights(list(languages), list(languages.values()))
    wanted = Weights(list(CATEGORIES), [weight for weight, _, _ in CATEGORIES.values()])
    made = []
    for index in range(store.brands):
        language = spoken.pick(chance)
        own = {wanted.pick(chance) for _ in range(2)} | {list(CATEGORIES)[index % len(CATEGORIES)]}
        made.append(_Brand(names.one(language), language, tuple(sorted(own)), chance.share()))
    return made


def _product(number: int, brand: _Brand, chance: Chance) -> Item:
    category = chance.pick(brand.categories)
    _, (low, middle, high), nouns = CATEGORIES[category]
    place = (brand.price_place + 2 * chance.share()) / 3
    price = at_quantile(((0, low), (0.5, middle), (0.9, middle * 2.2), (1, high)), place)
    noun, finish = chance.pick(nouns[brand.language]), chance.pick(FINISHES[brand.language])
    return Item(
        item_id=ItemId(f"prod-{number:04}"),
        kind="product",
        title=f"{brand.name} {noun} {finish}",
        attributes={
            "brand": brand.name,
            "category": category,
            "language": brand.language,
            "colour": chance.pick(COLOURS),
            "price": max(int(price / 10) * 10, 10),
            "currency": "TWD",
        },
        tags=["new"] if chance.happens(0.12) else [],
        available=not chance.happens(0.04),
    )
