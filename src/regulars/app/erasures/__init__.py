"""Who was forgotten, so that nobody is brought back by a backup or a rebuild: hashes, never names."""

from regulars.app.erasures.core import Erasure, hash_of
from regulars.app.erasures.service import Erasures, forget_again
from regulars.app.erasures.store import DERIVED_TABLES, MIGRATIONS

__all__ = ["DERIVED_TABLES", "MIGRATIONS", "Erasure", "Erasures", "forget_again", "hash_of"]
