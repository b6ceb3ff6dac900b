"""Where files may be put: the shop's own exports, folders that the machine's owner listed, object storage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from regulars.destinations.core.kinds import Tools
from regulars.kernel.errors import InvalidError, NotInstalledError, RegularsError
from regulars.kernel.files import Files
from regulars.kernel.sayings import listed, said

REMOTE = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs",
}  # fmt: skip


def open_place(url: str, options: Mapping[str, str], tools: Tools) -> Files:
    """Return the files under a URL: `s3://…` and its like, or a local folder where one may write.

    Raises
    ------
    InvalidError
        When it is another kind of URL, or a local folder that nobody listed.
    NotInstalledError
        When the package for it is missing.

    """
    if "::" in url or "\0" in url:
        raise InvalidError(said("place_one_url", "A place is one URL, such as s3://bucket/folder or a folder's name."))
    scheme = url.partition("://")[0].lower() if "://" in url else "file"
    if scheme == "memory":  # within this process alone: for tests, and for trying out
        return Files(url)
    if scheme == "file":
        return Files(local_folder(url.removeprefix("file://"), tools))
    if scheme not in REMOTE:
        raise InvalidError(
            said(
                "place_scheme",
                "Files are put into folders and object storage ({known}), not to {scheme!r}.",
                known=listed(sorted(REMOTE)),
                scheme=scheme,
            )
        )
    try:
        return Files(url, options)
    except ImportError:
        package = REMOTE[scheme]
        raise NotInstalledError(
            said(
                "place_needs_package",
                "{scheme}:// needs a package of its own. Run: pip install {package}.",
                scheme=scheme,
                package=package,
            )
        ) from None
    except RegularsError:
        raise
    except Exception as error:  # whatever a storage's client says of options it does not know
        kind = type(error).__name__
        raise InvalidError(
            said("place_options", "The storage cannot be opened with these options: {kind}.", kind=kind)
        ) from error


def local_folder(name: str, tools: Tools) -> Path:
    """Return a local folder in which one may write.

    A relative name lies under the shop's `exports`; an absolute one must lie in a folder that the machine's owner
    listed in `destinations.local_folders`: who may sign in to the console is not always who owns the machine.

    Raises
    ------
    InvalidError
        When it lies anywhere else.

    """
    exports = Path(tools.folder).resolve()
    try:
        wanted = Path(name).expanduser() if name.startswith(("/", "~")) else exports / name
    except RuntimeError:
        home = name.partition("/")[0]
        raise InvalidError(said("place_no_home", "Nobody on this machine has the home {home!r}.", home=home)) from None
    real = wanted.resolve()
    allowed = [exports, *(Path(one).expanduser().resolve() for one in tools.local_folders)]
    if any(real.is_relative_to(one) for one in allowed):
        return real
    raise InvalidError(
        said(
            "place_folder",
            "{folder!r} is no folder that destinations may write to. Give a name without a leading slash, which lies "
            "under the shop's exports, or list the folder in destinations.local_folders.",
            folder=str(real),
        )
    )
