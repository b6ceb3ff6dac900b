"""Who is the same customer, how we know, and what that joined."""

from regulars.identity.core import Evidence, Identifier, claim_of, cleaned, derive
from regulars.identity.service import MERGED, BlockedIdentifier, Identity, OwnedIdentifier

__all__ = [
    "MERGED",
    "BlockedIdentifier",
    "Evidence",
    "Identifier",
    "Identity",
    "OwnedIdentifier",
    "claim_of",
    "cleaned",
    "derive",
]
