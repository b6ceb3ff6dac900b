"""How invented people listen: a mood, a start that is chosen or given, songs after each other, skips and likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any  # Any: properties are whatever an app sends

from regulars.catalog import Item
from regulars.testing.simulator.calls import Call
from regulars.testing.simulator.catalogues import Offer, music_catalogue
from regulars.testing.simulator.chance import Chance, Weights
from regulars.testing.simulator.grouping import grouped, words
from regulars.testing.simulator.parameters import Parameters
from regulars.testing.simulator.people import Person, population
from regulars.testing.simulator.visits import Visit, choose_device, hour_weights, next_start_us, taste_chance
from regulars.testing.simulator.words.music import MOODS

# Measured on 100,000 simulated plays: the share of songs outside the listener's taste. The likelihood of a skip is
# scaled by it, so that all plays together are skipped as often as `skip_share` says.
OUTSIDE_TASTE_SHARE = 0.11
STRAYS = {"lean_forward": 0.08, "lean_back": 0.3}  # chosen: plays that leave one's favourite genres
SOURCES = {"lean_forward": ("search", "library"), "lean_back": ("radio", "autoplay", "discover")}
MOOD_TRIES = 2
FRESH_TRIES = 12
# Fitted likewise: some repeats come by themselves out of small repertoires, the others are made.
MADE_REPEATS = 0.45


@dataclass(frozen=True, slots=True)
class Taste:
    """What a listener likes."""

    genres: Weights[str]
    favourite_genres: frozenset[str]
    favourite_artists: tuple[str, ...]


class Listening:
    """The world of a music service."""

    kind = "song"

    def __init__(self, seed: int, parameters: Parameters, offers: list[Offer] | None = None) -> None:
        self.offers = offers or music_catalogue(seed, parameters)
        self.people = population(seed, parameters.music.listeners, parameters.people, "listener-")
        self._parameters = parameters
        self._music = parameters.music
        self._hours = hour_weights(self._music.hour_weights)
        self._by_genre = grouped(self.offers, "genres")
        self._all_genres = Weights(list(self._by_genre), [len(songs.choices) for songs in self._by_genre.values()])
        self._by_artist = grouped(self.offers, "artist")
        self._tastes = [self._taste(taste_chance(seed, person)) for person in self.people]

    def _taste(self, chance: Chance) -> Taste:
        favourites = list(dict.fromkeys(self._all_genres.pick(chance) for _ in range(1 + chance.below(4))))
        artists = [
            str(self._by_genre[genre].pick(chance).attributes["artist"]) for genre in favourites for _ in range(2)
        ]
        weights = [1 / (place + 1) for place in range(len(favourites))]
        return Taste(Weights(favourites, weights), frozenset(favourites), tuple(dict.fromkeys(artists)))

    def first_start_us(self, person: Person, start_us: int) -> int:
        """Return when a person first comes."""
        gap_days = person.chance.share() * person.chance.draw(self._music.session_gap_days)
        return next_start_us(person, start_us, gap_days, self._hours)

    def next_start_us(self, person: Person, after_us: int) -> int:
        """Return when a person comes again."""
        return next_start_us(person, after_us, person.chance.draw(self._music.session_gap_days), self._hours)

    def likes(self, person: Person, item: Item) -> bool:
        """Return whether an item is to a person's taste."""
        taste = self._tastes[person.number]
        in_genre = any(genre in taste.favourite_genres for genre in words(item, "genres"))
        return in_genre or item.attributes.get("artist") in taste.favourite_artists

    def visit(self, person: Person, start_us: int) -> list[Call]:
        """Return what a person's app sends while they listen."""
        visit = Visit(person, choose_device(person, self._parameters.people), start_us, self._parameters.people)
        chance = person.chance
        intent = "lean_forward" if chance.happens(self._music.lean_forward_share) else "lean_back"
        source, mood = chance.pick(SOURCES[intent]), chance.pick(MOODS)
        visit.page("Home" if intent == "lean_back" else "Search", "/demo/music")
        songs = max(round(chance.draw(self._music.session_songs)), 1)
        played: list[Item] = []
        for number in range(songs):
            visit.come_to(number / songs)
            visit.wait(1 + chance.share() * 4)
            song = self._choose(person, played, mood, intent)
            played.append(song)
            self.play(visit, song, {"source": source, "intent": intent})
        return visit.end()

    def _choose(self, person: Person, played: Sequence[Item], mood: str, intent: str) -> Item:
        chance, taste = person.chance, self._tastes[person.number]
        if len(played) > 1 and chance.happens(self._music.repeat_share * MADE_REPEATS):
            return chance.pick(played)
        if taste.favourite_artists and chance.happens(self._music.favourite_artist_share):
            return self._unheard(self._by_artist[chance.pick(taste.favourite_artists)], person, played, mood)
        if played and chance.happens(self._music.same_genre_share):
            genre = str(chance.pick(words(played[-1], "genres")))
        elif chance.happens(STRAYS[intent]):
            genre = self._all_genres.pick(chance)
        else:
            genre = taste.genres.pick(chance)
        return self._unheard(self._by_genre[genre], person, played, mood)

    def _unheard(self, songs: Weights[Item], person: Person, played: Sequence[Item], mood: str) -> Item:
        chance = person.chance
        song = songs.pick(chance)
        for _ in range(MOOD_TRIES):
            foreign = song.attributes.get("language", person.language) != person.language
            if foreign or song.attributes.get("mood", mood) != mood:
                song = songs.pick(chance)
        for _ in range(FRESH_TRIES):
            if song in played:
                song = songs.pick(chance)
        return song

    def play(self, visit: Visit, song: Item, origin: dict[str, Any]) -> None:  # Any: as above
        """Play a song to its end, or to where it is skipped."""
        chance, music = visit.person.chance, self._music
        seconds = max(int(float(str(song.attributes["seconds"]))), 2)
        common = {"asset_id": song.item_id, "title": song.title, "total_length": seconds, **origin}
        visit.track("Song Played", {**common, "position": 0})
        within = music.skip_share / (1 + (music.skip_ratio_disliked - 1) * OUTSIDE_TASTE_SHARE)
        likes = self.likes(visit.person, song)
        if chance.happens(within if likes else min(within * music.skip_ratio_disliked, 0.95)):
            heard = min(chance.draw(music.skip_seconds), seconds - 1)
            visit.wait(heard)
            visit.track("Song Skipped", {**common, "position": round(heard, 1)})
            return
        visit.wait(seconds)
        visit.track("Song Completed", {**common, "position": seconds})
        if chance.happens(music.like_share * (1.4 if likes else 0.2)):
            visit.wait(1)
            visit.track("Song Liked" if chance.happens(0.7) else "Song Added to Playlist", common)
