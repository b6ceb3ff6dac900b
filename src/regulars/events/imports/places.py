"""From where may an admin take a file? Only from what the setting `imports.places` names, and from nothing beside it.

A folder's files are looked up with every link followed; an address may not climb with `..`. Whatever is not under one
of the places is refused before anything is opened, so that the server reads no file and asks no address it should not.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast  # cast: fsspec has no types
from urllib.parse import unquote, urlsplit

import msgspec

from regulars.kernel.errors import ForbiddenError, InvalidError, NotFoundError, UnavailableError
from regulars.kernel.sayings import said


class Places(msgspec.Struct, frozen=True):
    """Folders, and the beginnings of addresses."""

    folders: list[Path]
    addresses: list[str]

    @classmethod
    def of(cls, said: str) -> Places:
        """Return the places that a setting names, with commas between.

        >>> Places.of("/srv/exports, s3://shop/exports").addresses
        ['s3://shop/exports/']
        """
        names = [name.strip() for name in said.split(",") if name.strip()]
        return cls(
            folders=[Path(name).resolve() for name in names if "://" not in name],
            addresses=[name.rstrip("/") + "/" for name in names if "://" in name],
        )

    def local(self, place: str) -> Path:
        """Return the file that a path means.

        Raises
        ------
        ForbiddenError
            When it does not lie in one of the folders, links followed.

        """
        path = Path(place.replace("\0", "\ufffd")).resolve()  # no system has a name with a zero in it
        if not any(path.is_relative_to(folder) for folder in self.folders):
            raise self._refusal(place)
        return path

    def address(self, place: str) -> str:
        """Return an address that may be read.

        Raises
        ------
        ForbiddenError
            When it does not begin as one of the places does.

        """
        try:
            parts = urlsplit(place)
        except ValueError:  # such as half an IPv6 address
            raise self._refusal(place) from None
        path = unquote(parts.path)
        is_plain = posixpath.normpath(path) == path.rstrip("/") and "\\" not in path and "@" not in parts.netloc
        if not is_plain or parts.query or not any(place.startswith(begin) for begin in self.addresses):
            raise self._refusal(place)
        return place

    def _refusal(self, place: str) -> ForbiddenError:
        if not self.folders and not self.addresses:
            return ForbiddenError(
                "No place is open to take files from. An admin of the machine names some under imports.places "
                "in regulars.toml; or upload the file."
            )
        known = ", ".join([*map(str, self.folders), *self.addresses])
        return ForbiddenError(f"{place[:200]!r} lies in none of the places that are open (imports.places): {known}.")


@contextmanager
def open_place(places: Places, place: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Open a file of an allowed place; yields its name and the file.

    Raises
    ------
    ForbiddenError
        When the place is not allowed.
    NotFoundError
        When there is no such file.
    UnavailableError
        When the place does not answer.

    """
    place = place.strip()
    if not place:
        raise InvalidError(
            said("import_which_file", "Say which file: a path, or an address such as s3://shop/exports/orders.csv.")
        )
    if "://" not in place:
        path = places.local(place)
        try:
            file: IO[bytes] = path.open("rb")
        except (FileNotFoundError, IsADirectoryError):
            raise NotFoundError(said("no_file", "There is no file {file!r}.", file=place)) from None
        except OSError as error:
            raise UnavailableError(
                said("import_not_read", "{file!r} cannot be read: {why}.", file=place, why=str(error.strerror))
            ) from None
        with file:
            yield path.name, file
        return
    import fsspec

    address = places.address(place)
    try:
        opened = fsspec.open(address, "rb").open()
    except FileNotFoundError:
        raise NotFoundError(said("no_file", "There is no file {file!r}.", file=place)) from None
    except ImportError as error:
        raise UnavailableError(
            said(
                "import_needs_package",
                "{file!r} needs a package that is not installed: {why}.",
                file=place,
                why=str(error),
            )
        ) from None
    except Exception as error:  # whatever a remote store raises, the person must hear it as a sentence
        raise UnavailableError(
            said("import_not_read", "{file!r} cannot be read: {why}.", file=place, why=type(error).__name__)
        ) from error
    with opened as stream:
        yield posixpath.basename(address), cast("IO[bytes]", stream)
