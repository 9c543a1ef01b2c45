"""What all outputs have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Printed(BaseModel):
    """A part of an output: no key that it does not name; a field with a default may be left out.

    It is made by the names of its fields, or from what has attributes of these names; `as_document` writes the keys.
    """

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, from_attributes=True, populate_by_name=True)

    def as_document(self) -> dict[str, Any]:
        """What is printed: fields that nobody set are left out."""
        return self.model_dump(by_alias=True, exclude_unset=True)
