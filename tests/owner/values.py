"""Other valid values for a setting, from the type that its model gives it."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

Place = tuple[str | int, ...]

PRINTABLE = st.characters(codec="ascii", exclude_categories=["Cc"])

# For text whose rule is a function and no pattern: addresses, names, sizes.
TEXTS = (
    *("203.0.113.0/24", "10.77.0.0/16", "10.99.8.0/22", "hooli", "Hooli Oy", "eea", "eu", "vakt@hooli.test"),
    "Annex 3 of Hooli's agreement allows it",
)


def leaves(model: type[BaseModel], content: Mapping[str, Any], path: Place = ()) -> Iterator[tuple[Place, FieldInfo]]:
    """Every value that a person wrote, by its path, with the field that holds it or the list that it is in.

    What can be one word alone is left out: there is no other value.
    """
    fields = {one.alias or name: one for name, one in model.model_fields.items()}
    for key, value in content.items():
        here, field = (*path, key), fields[key]
        inner = _model(field.annotation)
        if inner and isinstance(value, Mapping):
            yield from leaves(inner, value, here)
        elif inner and isinstance(value, list):
            for index, one in enumerate(value):
                yield from leaves(inner, one, (*here, index))
        elif not _one_word(field):
            yield here, field


def _one_word(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1


def _model(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation holds, itself or in a tuple or beside None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model(one))), None)


def others(field: FieldInfo, value: Any) -> st.SearchStrategy[Any]:
    """Values that the field takes, none of them the one that stands there."""
    annotation: Any = field.annotation
    for one in field.metadata:
        annotation = Annotated[annotation, one]
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    return _of(adapter.json_schema()).filter(lambda one: one != value and _taken(adapter, one))


def _taken(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_json(json.dumps(value), strict=True)
    except ValidationError:
        return False
    return True


def _of(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    found: st.SearchStrategy[Any] = st.sampled_from(TEXTS)
    match schema:
        case {"anyOf": several}:
            found = st.one_of([_of(one) for one in several if one.get("type") != "null"])
        case {"enum": values}:
            found = st.sampled_from(values)
        case {"type": "boolean"}:
            found = st.booleans()
        case {"type": "integer"}:
            found = st.integers(schema.get("minimum", 0), schema.get("maximum", 10**6))
        case {"type": "number"}:
            found = st.floats(1, 10**6)
        case {"type": "array", "items": items}:
            found = st.lists(_of(items), min_size=max(1, schema.get("minItems", 0)), max_size=3, unique=True)
        case {"format": "date"}:
            found = st.dates().map(str)
        case {"pattern": pattern}:
            found = st.from_regex(pattern, fullmatch=True, alphabet=PRINTABLE)
    return found
