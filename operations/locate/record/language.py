"""The words of a record of processing, in one language; the facts' own words come from `facts.captions`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from facts.captions import Language
from facts.stores import End, Form
from operations.locate.processing import Measure, Part
from operations.locate.readers import Means
from operations.locate.sources import Source


@dataclass(frozen=True, kw_only=True)
class Words:
    """A `{place}` in a text is filled with what its sentence needs."""

    facts: Language
    places: Mapping[str, str]  # regions by their code
    forms: Mapping[Form, str]
    files: Mapping[Form, str]
    exports: Mapping[Form, str]
    access_log: str
    logs: Mapping[str, str]  # by the type of what writes it
    parts: Mapping[Form, str]
    ends: Mapping[End, str]
    gone_later: str
    access: Mapping[str, str]  # by a reader's name
    means: Mapping[Means, str]
    sources: Mapping[Source, str]
    platform: Mapping[str, str]  # by what `operations.locate.platform` calls it
    companies: Mapping[Part, str]  # what a sub-processor does, and what it has
    measures: Mapping[Measure, str]
    roles: Mapping[str, str]  # of the customer's contacts
    texts: Mapping[str, str]  # whole sentences and table heads, by what they are for

    def place(self, region: str) -> str:
        """`Ireland (eu-west-1)`; a region that is not named here stands by its code."""
        return f"{self.places[region]} ({region})" if region in self.places else region


def escaped(text: str) -> str:
    """Text of others that can break no table and start no markup."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))
