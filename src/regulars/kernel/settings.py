"""What can be set, and what is it set to? Defaults < `regulars.toml` in the shop's folder < environment < flags.

    [serve]                      REGULARS_SERVE_PORT=8080        --set serve.port=8080
    port = 8080

A name that nobody knows is refused, with the nearest one that exists; all problems are reported together.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    get_args,
    get_origin,
    get_type_hints,
)  # Any: TOML values before they are checked

import msgspec
from msgspec import Meta

from regulars.kernel.errors import SettingsError, nearest

FILE_NAME = "regulars.toml"
ENVIRONMENT_PREFIX = "REGULARS_"
_FLAGS = "flags"


class ServeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How `regulars serve` listens."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8700
    web_workers: Annotated[int, Meta(ge=1, le=64, description="Web processes, each with a log of its own.")] = 1
    demo: Annotated[
        Literal["", "video", "music", "store"], Meta(description="Which demo the shop plays; empty for a real shop.")
    ] = ""
    simulated: Annotated[bool, Meta(description="Whether the people of this shop are invented.")] = False
    base_url: Annotated[str, Meta(description="Address that people use, when a proxy stands in front.")] = ""


class EventsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the door takes in."""

    event_bytes_max: Annotated[int, Meta(ge=1024, description="Largest single event, in bytes.")] = 32_768
    batch_bytes_max: Annotated[int, Meta(ge=1024, description="Largest request, in bytes, unpacked.")] = 512_000
    batch_events_max: Annotated[int, Meta(ge=1, description="Most events of one request.")] = 2_500
    refused_bytes_per_s: Annotated[
        int, Meta(ge=0, description="Bytes of refused requests kept whole each second; above, they are counted.")
    ] = 20_000
    log_days: Annotated[int, Meta(ge=0, description="Days the log is kept for replay; 0 keeps it for ever.")] = 0
    log_bytes_max: Annotated[
        int, Meta(ge=0, description="Most bytes of the log, its oldest part goes first; 0 sets no limit.")
    ] = 0
    log_fresh_bytes: Annotated[
        int, Meta(ge=0, description="Newest bytes of each part of the log that stay unpacked.")
    ] = 32_000_000
    disk_free_bytes_min: Annotated[
        int, Meta(ge=0, description="With less free on the disk nothing more is taken in; 0 takes all there is.")
    ] = 256_000_000
    dedupe_days: Annotated[int, Meta(ge=1, description="Days within which a message id counts once.")] = 7
    dead_letter_days: Annotated[int, Meta(ge=0, description="Days dead letters are kept; 0 keeps them for ever.")] = 30


class ImportsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How history comes in from files."""

    bytes_max: Annotated[int, Meta(ge=1024, description="Largest file that is taken, in bytes.")] = 10_000_000_000
    keep_days: Annotated[
        int, Meta(ge=1, description="Days that a file and its rejected rows are kept; they hold personal data.")
    ] = 30
    places: Annotated[
        str,
        Meta(description="Folders and addresses that admins may take files from, with commas between; empty for none."),
    ] = ""


class ProfilesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How taste is remembered."""

    affinity_half_life_days: Annotated[float, Meta(gt=0, description="Days until a taste weighs half.")] = 56


class RecommendSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How recommendations are learned."""

    ease_items_max: Annotated[
        int, Meta(ge=1, description="Up to this many items taste is learned by EASE, above it by iALS.")
    ] = 20_000


class LakeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When history is written to Parquet."""

    flush_events: Annotated[int, Meta(ge=1, description="Write when this many events wait.")] = 50_000
    flush_s: Annotated[int, Meta(ge=1, description="Write when the oldest waiting event is this old, in s.")] = 60


class DestinationsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where facts may be sent, and for how long it is tried."""

    private_networks: Annotated[
        str, Meta(description="Networks of one's own that may be called, such as `10.1.0.0/16`; empty for none.")
    ] = ""
    local_folders: Annotated[
        str, Meta(description="Folders outside the shop that files may be put into, with commas.")
    ] = ""
    pause_after_h: Annotated[
        float, Meta(gt=0, description="Hours of nothing but errors after which a destination is paused.")
    ] = 24
    waiting_max: Annotated[int, Meta(ge=1, description="Most events that wait for one destination.")] = 1_000_000
    dead_letter_days: Annotated[int, Meta(ge=1, description="Days that undelivered events are kept.")] = 30


class BackupSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where backups lie, and how often one is taken."""

    url: Annotated[
        str, Meta(description="A folder, or an fsspec URL such as `s3://…`; empty for none.", extra={"secret": True})
    ] = ""
    every_hours: Annotated[int, Meta(ge=0, description="Hours between two backups; 0 takes none by itself.")] = 24
    keep: Annotated[int, Meta(ge=1, description="How many backups are kept.")] = 14


class StateSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the state lives."""

    url: Annotated[
        str, Meta(description="`postgresql://…`; empty means SQLite in the folder.", extra={"secret": True})
    ] = ""
    key_file: Annotated[
        str, Meta(description="File with the key that seals secrets; empty means `seal.key` in the folder.")
    ] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set, by section."""

    serve: ServeSettings = ServeSettings()
    events: EventsSettings = EventsSettings()
    imports: ImportsSettings = ImportsSettings()
    profiles: ProfilesSettings = ProfilesSettings()
    recommend: RecommendSettings = RecommendSettings()
    lake: LakeSettings = LakeSettings()
    destinations: DestinationsSettings = DestinationsSettings()
    state: StateSettings = StateSettings()
    backup: BackupSettings = BackupSettings()


SECTIONS: dict[str, type[msgspec.Struct]] = get_type_hints(Settings)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be set: its name, its value, and who said so."""

    section: str
    name: str
    kind: str
    value: str | int | float | bool
    default: str | int | float | bool
    origin: str  # "default", "regulars.toml", "REGULARS_SERVE_PORT" or "flags"
    description: str


def load_settings(
    folder: Path, flags: Mapping[str, str] | None = None, *, environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of the shop in a folder.

    Parameters
    ----------
    folder
        Where `regulars.toml` may lie.
    flags
        `{"serve.port": "8080"}`, as given on the command line.
    environment
        The process's own when left out.

    Raises
    ------
    SettingsError
        When a name is unknown or a value does not fit; `problems` lists every one.

    >>> load_settings(Path("/nowhere"), {"serve.port": "8080"}, environment={}).serve.port
    8080
    """
    problems: list[str] = []
    said = _said(folder, flags or {}, os.environ if environment is None else environment, problems)
    sections: dict[str, Any] = {  # Any: each is of its own section's type
        section: _build(section, shape, said.get(section, {}), problems) for section, shape in SECTIONS.items()
    }
    if problems:
        raise SettingsError("The settings cannot be used: " + " ".join(problems), problems=problems)
    return Settings(**sections)


def describe_settings(
    folder: Path, flags: Mapping[str, str] | None = None, *, environment: Mapping[str, str] | None = None
) -> list[Setting]:
    """Return every setting with its value and who set it; a value that holds a password is not shown."""
    environment = os.environ if environment is None else environment
    settings = load_settings(folder, flags, environment=environment)
    said = _said(folder, flags or {}, environment, [])
    return [
        Setting(
            section=section,
            name=field.name,
            kind=_kind(shape, field.name),
            value=_shown(shape, field.name, getattr(getattr(settings, section), field.name)),
            default=field.default,
            origin=said.get(section, {}).get(field.name, ("", "default"))[1],
            description=_meta(shape, field.name).description or "",
        )
        for section, shape in SECTIONS.items()
        for field in msgspec.structs.fields(shape)
    ]


_Said = dict[str, dict[str, tuple[Any, str]]]  # Any: values not yet checked


def _said(folder: Path, flags: Mapping[str, str], environment: Mapping[str, str], problems: list[str]) -> _Said:
    said: _Said = {}
    sayings = (*_from_file(folder, problems), *_from_environment(environment), *_from_flags(flags))
    for section, name, value, origin in sayings:
        problem = _unknown(section, name, origin)
        if problem:
            problems.append(problem)
        else:
            said.setdefault(section, {})[name] = (value, origin)
    return said


def _from_file(folder: Path, problems: list[str]) -> Iterator[tuple[str, str, Any, str]]:  # Any: a TOML value
    try:
        document = tomllib.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{FILE_NAME} is no TOML: {error}.")
        return
    except OSError as error:
        problems.append(f"{FILE_NAME} cannot be read: {error.strerror}.")
        return
    for section, body in document.items():
        if not isinstance(body, dict):
            problems.append(f"{FILE_NAME}: {section!r} stands outside a section; write it under [section].")
            continue
        if not body and section not in SECTIONS:
            yield section, "", None, FILE_NAME
        for name, value in body.items():
            yield section, name, value, FILE_NAME


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    for variable in sorted(environment):
        if variable.startswith(ENVIRONMENT_PREFIX):
            section, _, name = variable.removeprefix(ENVIRONMENT_PREFIX).lower().partition("_")
            yield section, name, environment[variable], variable


def _from_flags(flags: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    for flag, value in flags.items():
        section, _, name = flag.partition(".")
        yield section, name, value, _FLAGS


def _unknown(section: str, name: str, origin: str) -> str | None:
    if section in SECTIONS and name in SECTIONS[section].__struct_fields__:
        return None
    known = [f"{part}.{field}" for part, shape in SECTIONS.items() for field in shape.__struct_fields__]
    return f"{origin}: no setting is named '{section}.{name}'.{nearest(f'{section}.{name}', known)}"


def _build(
    section: str, shape: type[msgspec.Struct], said: dict[str, tuple[Any, str]], problems: list[str]
) -> msgspec.Struct:
    fitting: dict[str, Any] = {}  # Any: each checked against its field's own type
    hints = get_type_hints(shape, include_extras=True)
    for name, (value, origin) in said.items():
        try:
            fitting[name] = msgspec.convert(value, hints[name], strict=origin == FILE_NAME)
        except msgspec.ValidationError:
            problems.append(f"{origin}: {section}.{name} cannot be {value!r}; it must be {_wanted(shape, name)}.")
    try:
        return shape(**fitting)
    except ValueError as error:
        problems.append(f"[{section}]: {error}")
        return shape()


def _meta(shape: type[msgspec.Struct], name: str) -> Meta:
    found = get_args(get_type_hints(shape, include_extras=True)[name])[1]
    assert isinstance(found, Meta), "every setting is annotated with its Meta"
    return found


def _kind(shape: type[msgspec.Struct], name: str) -> str:
    kind: type = get_type_hints(shape)[name]
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(kind))
    return {int: "whole number", float: "number", str: "text", bool: "true or false"}[kind]


def _wanted(shape: type[msgspec.Struct], name: str) -> str:
    """Return what a setting may be, in words: `a whole number from 0 to 65535`."""
    kind, meta = _kind(shape, name), _meta(shape, name)
    if kind.startswith(("one of", "true")):
        return kind
    words = f"a {kind}" if kind != "text" else "text"
    if meta.gt is not None:
        return f"{words} above {meta.gt:,g}"
    if meta.ge is not None and meta.le is not None:
        return f"{words} from {meta.ge} to {meta.le}"
    if meta.ge is not None:
        return f"{words} of at least {meta.ge}"
    return f"{words}, not empty" if meta.min_length else words


def _shown(shape: type[msgspec.Struct], name: str, value: str | float | bool) -> str | int | float | bool:
    secret = (_meta(shape, name).extra or {}).get("secret", False)
    return "(set)" if secret and value else value
