"""Where does a shop lie, and may we write there?"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from regulars.kernel.errors import InvalidError, NotFoundError, UnavailableError

# Any of them says that somebody opened, or set up, a shop here.
KEPT = {"state.db", "log", "keys.json", "regulars.toml"}


def existing_folder(location: str | Path) -> Path:
    """Return the folder of a shop that is there: for whoever would learn from, copy or mend an empty one by mistake.

    Raises
    ------
    NotFoundError
        When there is no shop.

    """
    folder = Path(location).expanduser().resolve()
    try:
        held, why = {path.name for path in folder.iterdir()}, "holds none"
    except FileNotFoundError:
        held, why = set(), "does not exist"
    except OSError:
        return prepare_folder(location)  # it is a file, or we may not look: that is said there
    if "://" in str(location) or held & KEPT:
        return prepare_folder(location)
    raise NotFoundError(
        f"There is no shop in {str(folder)!r}: the folder {why}. Give the folder of a shop; `regulars serve` makes a "
        "new one."
    )


def prepare_folder(location: str | Path) -> Path:
    """Return the shop's folder, made if missing, after making sure that we may write there.

    Raises
    ------
    InvalidError
        When the location is a URL, or a file stands there.
    UnavailableError
        When the folder may not be written.

    """
    if "://" in str(location):
        raise InvalidError(
            f"A shop is opened by its folder, got {str(location).split('://', 1)[0] + '://…'!r}. To keep its state in "
            'PostgreSQL, put url = "postgresql://…" under [state] in the folder\'s regulars.toml.'
        )
    folder = Path(location).expanduser().resolve()
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)  # customers lie here: of nobody else's business on the machine
    except (FileExistsError, NotADirectoryError):
        raise InvalidError(f"{str(folder)!r} is a file. Give the folder of a shop, or the name of a new one.") from None
    except OSError as error:
        raise UnavailableError(f"The folder {str(folder)!r} cannot be opened or made: {_reason(error)}.") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise UnavailableError(
            f"The folder {str(folder)!r} may not be written by this user. Give the user the right, or take another "
            "folder."
        )
    return folder


def _reason(error: OSError) -> str:
    known = {errno.EACCES: "this user may not write there", errno.EROFS: "the disk is read-only"}
    return known.get(error.errno or 0, error.strerror or "the system refuses")
