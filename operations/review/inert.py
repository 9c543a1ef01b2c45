"""Text from a change under review, made so that nothing in it acts in a comment: no tag, mention, image, link, fence.

GitHub renders Markdown with HTML, links `@name` and addresses in text, and shows images. Names and values in a
recording are chosen by whoever wrote the change.
"""

import re
import unicodedata
from typing import Final

_JOINER: Final = "\N{WORD JOINER}"
_LINKS: Final = re.compile(r"@(?=\w)|(?<=:)//|(?i:www)\.|#(?=\d)|\bGH-(?=\d)")


def inert(text: str) -> str:
    """One line of text in which nothing acts. Code spans that this project wrote around a name stay."""
    plain = "".join(one for one in " ".join(text.split()) if _is_shown(one))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = plain.replace("![", "!\\[").replace("](", "]\\(").replace("~~~", "~ ~ ~").replace("```", "'''")
    plain = _LINKS.sub(lambda found: found[0] + _JOINER if found[0][0] in "@#wWG" else f"/{_JOINER}/", plain)
    return plain if plain.count("`") % 2 == 0 else plain.replace("`", "'")


def code(text: str) -> str:
    """A name in a code span: nothing in it acts, and no backtick of its own ends it."""
    return f"`{text.replace('`', chr(39))}`"


def _is_shown(one: str) -> bool:
    """Neither a control character nor one that turns the direction of the text around it."""
    return unicodedata.category(one) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
