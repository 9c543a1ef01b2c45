"""Reading settings so that every problem is reported at once: wrong fields and broken rules together."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import NoneType
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from components.settings import Settings
from infra.problems import Problem

UNUSABLE: Final = object()
"""Stands for a value that is wrong itself: rules that need it are not run."""


def find_problems(model: type[Settings], raw: Any, path: str = "") -> list[Problem]:
    """Every problem of `raw` as a `model`, each with its dotted path; none means that the model takes it.

    Pydantic alone stops before the rules of a section with a wrong field; here each field is validated on its own and
    each rule runs whose fields are right. One mistake is one problem: a field that is wrong, or that is there under a
    misspelt name, is never reported as missing, and no rule sees a default in its place.
    """
    found: dict[str, Problem] = {}
    for problem in _read(model, raw, path)[1]:
        found.setdefault(problem.path, problem)  # what else is wrong in the same place follows, or comes after it
    return list(found.values())


def _read(model: type[Settings], raw: Any, path: str) -> tuple[Any, list[Problem]]:
    """The section as far as it is usable, and its problems."""
    if not isinstance(raw, Mapping):
        return UNUSABLE, [Problem(path=path, message=f"must be a mapping of settings; it is {_shown(raw)}")]
    fields = {field.alias or name: (name, field) for name, field in model.model_fields.items()}
    closest = {
        str(key): _closest(str(key), [one for one in fields if one not in raw]) for key in raw if key not in fields
    }
    problems = [Problem(path=_join(path, key), message=_unknown(key, near, fields)) for key, near in closest.items()]
    values: dict[str, Any] = {}
    for key, (name, field) in fields.items():
        here = _join(path, key)
        if key in closest.values():
            continue  # it is there, misspelt
        if key not in raw:
            if field.is_required():
                problems.append(Problem(path=here, message=f"is required; add it{_described(field)}"))
            else:
                values[name] = field.get_default(call_default_factory=True)
            continue
        value, wrong = _read_field(field, raw[key], here)
        problems += wrong
        if value is not UNUSABLE:
            values[name] = value
    section = model.model_construct(**values)
    for name in model.model_fields.keys() - values.keys():
        vars(section).pop(name, None)  # pydantic puts the default there, and a rule would take it for what was written
    return section, problems + list(_broken_rules(section, path, complete=len(values) == len(fields)))


def _read_field(field: FieldInfo, raw: Any, path: str) -> tuple[Any, list[Problem]]:
    section = _section_type(field.annotation) or _optional_section_type(field.annotation)
    if section is not None and (raw is not None or section is field.annotation):
        return _read(section, raw, path)
    item = _section_item_type(field.annotation)
    if item is not None and isinstance(raw, list):
        read = [_read(item, entry, f"{path}[{index}]") for index, entry in enumerate(raw)]
        problems = _list_length_problems(field, raw, path) + [problem for _, wrong in read for problem in wrong]
        return UNUSABLE if problems else tuple(entry for entry, _ in read), problems
    try:
        return _adapter(field).validate_json(json.dumps(raw), strict=True), []
    except ValidationError as error:
        return UNUSABLE, [
            Problem(path=path + _position(detail["loc"]), message=_explained(detail, field, raw))
            for detail in _without_follow_ons(error.errors(include_url=False))
        ]


def _without_follow_ons(details: Sequence[Any]) -> list[Any]:
    """Pydantic leaves wrong entries out of a list, and then finds it too short."""
    inside = any(detail["loc"] for detail in details)
    return [detail for detail in details if not (inside and detail["type"] == "too_short" and not detail["loc"])]


def _broken_rules(section: Settings, path: str, *, complete: bool) -> Iterator[Problem]:
    for rule in section.rules:
        try:
            for where, message in rule(section):
                yield Problem(path=_join(path, where), message=message)
        except AttributeError:
            # The rule needs a field that is wrong itself and already reported.
            if complete and not _has_gaps(section):
                raise


def _has_gaps(section: Settings) -> bool:
    """Whether a field somewhere below is missing from a half-valid section."""
    present = vars(section)
    if any(name not in present for name in type(section).model_fields):
        return True
    below = [item for value in present.values() for item in (value if isinstance(value, tuple) else (value,))]
    return any(_has_gaps(item) for item in below if isinstance(item, Settings))


def _section_type(annotation: Any) -> type[Settings] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Settings) else None


def _optional_section_type(annotation: Any) -> type[Settings] | None:
    """Of `Section | None`."""
    several = get_args(annotation)
    return next(filter(None, map(_section_type, several)), None) if NoneType in several else None


def _section_item_type(annotation: Any) -> type[Settings] | None:
    return _section_type(get_args(annotation)[0]) if get_origin(annotation) is tuple else None


def _list_length_problems(field: FieldInfo, raw: list[Any], path: str) -> list[Problem]:
    bounds = {type(bound).__name__: bound for bound in field.metadata}
    least = getattr(bounds.get("MinLen"), "min_length", 0)
    most = getattr(bounds.get("MaxLen"), "max_length", len(raw))
    if least <= len(raw) <= most:
        return []
    return [Problem(path=path, message=f"must have {least} to {most} entries; it has {len(raw)}")]


@cache
def _adapter_of(annotation: Any, metadata: tuple[Any, ...]) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[annotation, *metadata] if metadata else annotation)


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    annotation: Any = field.annotation
    return _adapter_of(annotation, tuple(field.metadata))


def _explained(detail: Any, field: FieldInfo, raw: Any) -> str:
    """Pydantic's message in the words of someone who edits YAML, with the value that was found."""
    found, context = _shown(detail["input"]), detail.get("ctx", {})
    hints = {
        "string_type": f"must be text, in quotes; it is {found}",
        "int_type": f"must be a whole number; it is {found}",
        "int_from_float": f"must be a whole number; it is {found}",
        "bool_type": f"must be true or false; it is {found}",
        "literal_error": f"must be one of {context.get('expected', '')}; it is {found}",
        "greater_than_equal": f"must be at least {context.get('ge')}; it is {found}",
        "less_than_equal": f"must be at most {context.get('le')}; it is {found}",
        "string_pattern_mismatch": f"is not of the right form: {found}{_like(field, context.get('pattern', ''))}",
        "date_from_datetime_parsing": f"must be a day, written like 2027-06-30; it is {found}",
        "date_parsing": f"must be a day, written like 2027-06-30; it is {found}",
        "date_type": f"must be a day, written like 2027-06-30; it is {found}",
        "too_short": f"must have at least {context.get('min_length')} entries",
        "too_long": f"must have at most {context.get('max_length')} entries",
        "tuple_type": f"must be a list; it is {found}",
        "value_error": f"{context.get('error')}; it is {found}",
    }
    return hints.get(detail["type"], f"{detail['msg']}; it is {_shown(raw)}")


def _closest(key: str, missing: Sequence[str]) -> str:
    """The setting that is missing and was probably meant; empty where none is near."""
    return next(iter(difflib.get_close_matches(key, missing, n=1)), "")


def _unknown(key: str, near: str, fields: Mapping[str, Any]) -> str:
    near = near or _closest(key, list(fields))
    return f"is not a setting; did you mean {near}?" if near else f"is not a setting; known: {', '.join(fields)}"


def _like(field: FieldInfo, pattern: str) -> str:
    """What a text of this form looks like, by the example that stands beside the pattern."""
    example = next(_examples(_adapter(field).json_schema(), pattern, field.examples or ()), None)
    return _described(field) + (f"; write it like {example}" if example else "")


def _examples(schema: Any, pattern: str, known: Sequence[str]) -> Iterator[str]:
    """Examples that stand beside this pattern in a schema, or around it."""
    if isinstance(schema, Mapping):
        known = schema.get("examples", known)
        if schema.get("pattern") == pattern:
            yield from known
        for below in schema.values():
            yield from _examples(below, pattern, known)
    elif isinstance(schema, list):
        for below in schema:
            yield from _examples(below, pattern, known)


def _described(field: FieldInfo) -> str:
    return f" ({field.description})" if field.description else ""


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _position(location: tuple[Any, ...]) -> str:
    return "".join(f"[{part}]" for part in location if isinstance(part, int))


def _join(path: str, key: str) -> str:
    shown = key if re.fullmatch(r"[\w.:\[\]/-]+", key) else _shown(key)
    return f"{path}.{shown}" if path else shown
