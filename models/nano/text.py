"""Normalisation of text, one code point to one code point, so that offsets survive it.

The program does the same (`nfkc-lower-simplified` in `src-main/tasks/extraction/source-text.ts`).
"""
import json
import unicodedata
from functools import lru_cache
from pathlib import Path

_TABLE = json.loads(
    (Path(__file__).resolve().parents[2] / "resources/lexicons/simplified.json").read_text("utf-8")
)
_SIMPLIFIED = dict(zip(_TABLE["traditional"], _TABLE["simplified"]))
# What JavaScript's \s holds; str.isspace differs in four places.
_SPACES = set("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff") | {
    chr(code) for code in range(0x2000, 0x200B)
}


@lru_cache(maxsize=None)
def normalise_char(char: str) -> str:
    """One code point to one code point: NFKC and lower case where they stay one, then simplified."""
    if "\ud800" <= char <= "\udfff":
        return " "
    wide = unicodedata.normalize("NFKC", char)
    wide = wide if len(wide) == 1 else char
    lower = wide.lower()
    lower = lower if len(lower) == 1 else wide
    if lower in _SPACES or unicodedata.category(lower) == "Cc":
        return " "
    return _SIMPLIFIED.get(lower, lower)


def normalise(text: str) -> str:
    """The text with every code point normalised; its length stays the same."""
    return "".join(map(normalise_char, text))
