"""What a dead letter is, how it is mended, and what would come of it. Values in, values out."""

from regulars.events.letters.core.letter import (
    Fault,
    FirstVersion,
    Letter,
    LetterChange,
    LetterGroup,
    LetterInFull,
    LetterPreview,
    LetterState,
    PreviewOfMany,
    Sample,
    Wanted,
)
from regulars.events.letters.core.patch import Operation, PatchError, faults_of, patched
from regulars.events.letters.core.repair import Looked, Origin, call_of, look_at, plain, repaired, told_anew

__all__ = [
    "Fault",
    "FirstVersion",
    "Letter",
    "LetterChange",
    "LetterGroup",
    "LetterInFull",
    "LetterPreview",
    "LetterState",
    "Looked",
    "Operation",
    "Origin",
    "PatchError",
    "PreviewOfMany",
    "Sample",
    "Wanted",
    "call_of",
    "faults_of",
    "look_at",
    "patched",
    "plain",
    "repaired",
    "told_anew",
]
