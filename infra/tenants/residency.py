"""Where a customer's data may be kept: named jurisdictions and the AWS regions inside them.

Source: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html, as known on 2026-11-22 from
engineers' knowledge; the page itself was not read. The European Sovereign Cloud is a partition of its own and not here.
"""

import difflib
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from components.settings import REGION

_GERMANY, _IRELAND, _FRANCE, _SWEDEN, _ITALY, _SPAIN = (
    "eu-central-1", "eu-west-1", "eu-west-3", "eu-north-1", "eu-south-1", "eu-south-2",
)  # fmt: skip
_EU = (_GERMANY, _SWEDEN, _ITALY, _SPAIN, _IRELAND, _FRANCE)

JURISDICTIONS: dict[str, tuple[str, ...]] = {
    "eu": _EU,
    "eea": _EU,  # Iceland, Liechtenstein and Norway have no AWS region
    "nordic": (_SWEDEN,),
    "de": (_GERMANY,),
    "es": (_SPAIN,),
    "fr": (_FRANCE,),
    "ie": (_IRELAND,),
    "it": (_ITALY,),
    "se": (_SWEDEN,),
    "ch": ("eu-central-2",),
    "uk": ("eu-west-2",),
}
_WITHOUT_REGION = {"no": "Norway", "dk": "Denmark", "fi": "Finland", "is": "Iceland"}
_NEAREST = f"the nearest is {_SWEDEN} (Stockholm), which residency nordic allows"


def _choice(value: Any) -> str | tuple[str, ...]:
    """A jurisdiction or a list of regions. Raises ValueError that says what to write instead."""
    if isinstance(value, str):
        return _jurisdiction(value)
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError(f"must be a jurisdiction ({', '.join(JURISDICTIONS)}) or a list of regions")
    wrong = [one for one in value if not isinstance(one, str) or not REGION.fullmatch(one)]
    if wrong:
        raise ValueError(f"{wrong[0]} is not a region such as eu-west-1")
    return tuple(value)


def _jurisdiction(word: str) -> str:
    if word in JURISDICTIONS:
        return word
    country = next((name for code, name in _WITHOUT_REGION.items() if word.lower() in (code, name.lower())), None)
    if word.lower() == "norge":
        country = "Norway"
    if country:
        raise ValueError(f"AWS has no region in {country}; {_NEAREST}")
    if REGION.fullmatch(word):
        raise ValueError(f"is a region; write a list: [{word}]")
    near = difflib.get_close_matches(word.lower(), JURISDICTIONS, n=1)
    known = f"did you mean {near[0]}?" if near else f"known: {', '.join(JURISDICTIONS)}, or a list of regions"
    raise ValueError(f"is no jurisdiction known here; {known}")


Residency = Annotated[
    str | tuple[str, ...],
    PlainValidator(_choice),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(JURISDICTIONS)},
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "pattern": f"^{REGION.pattern}$", "examples": ["eu-west-1"]},
                },
            ]
        }
    ),
]


def allowed_regions(residency: str | tuple[str, ...]) -> tuple[str, ...]:
    """The regions that a residency allows, in the order in which they are preferred."""
    return JURISDICTIONS[residency] if isinstance(residency, str) else residency
