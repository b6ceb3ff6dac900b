"""What of a destination is a secret, and how does it lie in the database? Its settings and its signing keys, sealed.

All settings are sealed, not only those that a kind calls secret: an address may carry a token as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from regulars.destinations.core.definition import Definition
from regulars.destinations.store.definitions import Kept, Key
from regulars.kernel.seal import Seal, SealedError, is_sealed

SEALED = "sealed"


def sealed(seal: Seal, kept: Kept) -> Kept:
    """Return a destination with its settings and keys sealed; what is sealed already stays as it is."""
    purpose = _purpose(kept.definition)
    definition = kept.definition
    if not has_sealed_settings(definition):
        text = msgspec.json.encode(definition.settings).decode()
        definition = msgspec.structs.replace(definition, settings={SEALED: seal.close(text, purpose)})
    keys = [
        key if is_sealed(key.secret) else msgspec.structs.replace(key, secret=seal.close(key.secret, purpose))
        for key in kept.keys
    ]
    return Kept(definition, keys)


def opened(seal: Seal, kept: Kept) -> Kept:
    """Return a destination with its settings and keys in the clear, for use or to be changed; never to be shown.

    Raises
    ------
    SealedError
        When the key is not the one they were sealed with.

    """
    purpose = _purpose(kept.definition)
    keys = [msgspec.structs.replace(key, secret=seal.open(key.secret, purpose)) for key in kept.keys]
    return Kept(_with_settings(seal, kept.definition), keys)


def settings_of(seal: Seal, definition: Definition) -> dict[str, object]:
    """Return the settings in the clear; none where the key is lost: they must be given anew."""
    try:
        return _with_settings(seal, definition).settings
    except SealedError:
        return {}


def keys_that_open(seal: Seal, kept: Kept) -> list[Key]:
    """Return the keys, as they are kept, without those that nobody can open any more."""
    return [key for key in kept.keys if _opens(seal, key, _purpose(kept.definition))]


def is_clear(kept: Kept) -> bool:
    """Return whether something lies there unsealed, as older versions left it."""
    return not (has_sealed_settings(kept.definition) and all(is_sealed(key.secret) for key in kept.keys))


def has_sealed_settings(definition: Definition) -> bool:
    """Return whether the settings are sealed."""
    found = definition.settings.get(SEALED)
    return len(definition.settings) == 1 and isinstance(found, str) and is_sealed(found)


def living(keys: Sequence[Key], now_us: int) -> list[Key]:
    """Return the keys that sign at a moment."""
    return [key for key in keys if key.until_us is None or key.until_us > now_us]


def _opens(seal: Seal, key: Key, purpose: str) -> bool:
    try:
        seal.open(key.secret, purpose)
    except SealedError:
        return False
    return True


def _with_settings(seal: Seal, definition: Definition) -> Definition:
    if not has_sealed_settings(definition):
        return definition
    text = seal.open(definition.settings[SEALED], _purpose(definition))
    return msgspec.structs.replace(definition, settings=msgspec.json.decode(text, type=dict[str, object]))


def _purpose(definition: Definition) -> str:
    return f"destination:{definition.destination_id}"
