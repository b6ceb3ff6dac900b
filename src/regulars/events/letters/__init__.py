"""Dead letters: what was sent and has not taken effect, kept to be read, mended and sent again."""

from regulars.events.letters.core import Letter, LetterState, Operation, Wanted
from regulars.events.letters.service import Letters

__all__ = ["Letter", "LetterState", "Letters", "Operation", "Wanted"]
