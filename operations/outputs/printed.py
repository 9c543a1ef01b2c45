"""What all outputs have in common."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Printed(BaseModel):
    """A part of an output: no key that it does not name; a field with a default may be left out."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, use_attribute_docstrings=False)
