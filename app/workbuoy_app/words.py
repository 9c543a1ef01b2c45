"""Words as searches compare them, for SQLite; on Postgres revision 0007's functions do the same, and stems besides."""

from __future__ import annotations

import re
import unicodedata

_ALIKE = str.maketrans({**dict(zip("ØøĐđÐðŁł", "OoDdDdLl", strict=True)), "æ": "ae", "Æ": "AE", "ß": "ss"})
_WORD = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """Without accents, in one case, however the letters are composed."""
    decomposed = unicodedata.normalize("NFKD", text)
    return re.sub("[\u0300-\u036f]", "", decomposed).translate(_ALIKE).lower()


def words_of(text: str) -> set[str]:
    """The words, letters and digits alone, each at most 64 letters."""
    return {word[:64] for word in _WORD.findall(folded(text))}


def has_words(title: str, body: str, wanted: str) -> bool:
    """Whether every wanted word begins a word of the two; nothing is found by no word."""
    words, wanted_words = words_of(f"{title} {body}"), words_of(wanted)
    return bool(wanted_words) and all(any(word.startswith(each) for word in words) for each in wanted_words)
