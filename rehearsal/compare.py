"""Comparing what was declared with what is read back, leaf by leaf, in AWS's own form."""

from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.kinds.kind import Field
from rehearsal.result import Check, FieldResult


def check_known(fields: Mapping[str, Field], declared: Mapping[str, Any], path: str = "") -> list[str]:
    """Paths of declared properties, nested ones too, that the table does not know."""
    unknown: list[str] = []
    for key, value in declared.items():
        here = f"{path}.{key}" if path else key
        field = fields.get(key)
        if field is None:
            unknown.append(here)
        elif field.shape is not None:
            for index, item in enumerate(value if isinstance(value, list) else [value]):
                inner = f"{here}[{index}]" if isinstance(value, list) else here
                if isinstance(item, Mapping):
                    unknown += check_known(field.shape, item, inner)
    return unknown


def translate(field: Field, value: Any) -> Any:
    """A declared value in the form in which AWS takes it."""
    if field.shape is not None:
        if isinstance(value, list):
            return [_translate_object(field.shape, item) for item in value]
        value = _translate_object(field.shape, value)
    else:
        value = field.form.send(value)
    return [value] if field.unwrap else value


def _translate_object(shape: Mapping[str, Field], value: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in value.items():
        field = shape[key]
        if field.aws and item is not None:
            place(out, field.aws, translate(field, item))
    return out


def place(target: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path of nested dicts; dicts that meet are merged."""
    for part in path[:-1]:
        target = target.setdefault(part, {})
    last = path[-1]
    if isinstance(value, dict) and isinstance(target.get(last), dict):
        target[last].update(value)
    else:
        target[last] = value


def compare(fields: Mapping[str, Field], declared: Mapping[str, Any], document: Any) -> list[FieldResult]:
    """One result for each declared leaf."""
    return list(_compare_object(fields, declared, document, ""))


def _compare_object(
    shape: Mapping[str, Field], declared: Mapping[str, Any], found: Any, path: str
) -> Iterator[FieldResult]:
    for key, value in declared.items():
        if value is None:
            continue
        field = shape[key]
        here = f"{path}.{key}" if path else key
        reason = field.unchecked(declared) if callable(field.unchecked) else field.unchecked
        if reason or field.read is None:
            yield FieldResult(here, Check.NOT_CHECKED, value, None, reason or "not read back")
            continue
        yield from _compare_value(field, value, field.read(found), here)


def _compare_value(field: Field, declared: Any, found: Any, path: str) -> Iterator[FieldResult]:
    if field.unwrap:
        found = found[0] if isinstance(found, list) and found else None
    if field.shape is not None:
        yield from _compare_shape(field, declared, found, path)
        return
    want = field.form.norm(field.form.send(declared))
    have = field.form.norm(found)
    if field.form.by_leaf:
        yield from _compare_leaves(want, have, path)
    else:
        yield _result(path, want, have, equal(want, have, unordered=field.unordered))


def _compare_shape(field: Field, declared: Any, found: Any, path: str) -> Iterator[FieldResult]:
    shape = field.shape or {}
    if not isinstance(declared, list):
        if not declared:
            yield _result(path, declared, found, found == {} or (not found and not field.chosen))
        yield from _compare_object(shape, declared, found, path)
        return
    have = list(found or [])
    if len(have) != len(declared):
        yield _result(path, declared, found, False)
        return
    if not declared:
        yield _result(path, [], have, True)
    for index, item in enumerate(declared):
        results = [list(_compare_object(shape, item, candidate, f"{path}[{index}]")) for candidate in have]
        best = 0 if not field.unordered else min(range(len(have)), key=lambda i: _differing(results[i]))
        yield from results[best]
        have.pop(best)


def _differing(results: list[FieldResult]) -> int:
    return sum(one.check is Check.DIFFERS for one in results)


def _compare_leaves(want: Any, have: Any, path: str) -> Iterator[FieldResult]:
    """Every leaf of `want` must be in `have`; what AWS adds beside it is not looked at."""
    if isinstance(want, dict) and want:
        source = have if isinstance(have, dict) else {}
        for key, value in want.items():
            yield from _compare_leaves(value, source.get(key), f"{path}.{key}")
    elif isinstance(want, list) and want and any(isinstance(item, dict) for item in want):
        items = have if isinstance(have, list) else []
        if len(items) != len(want):
            yield _result(path, want, have, False)
            return
        for index, value in enumerate(want):
            yield from _compare_leaves(value, items[index], f"{path}[{index}]")
    else:
        yield _result(path, want, have, equal(want, have))


def _result(path: str, declared: Any, found: Any, same: bool) -> FieldResult:
    return FieldResult(path, Check.CHECKED if same else Check.DIFFERS, declared, found)


def equal(want: Any, have: Any, *, unordered: bool = False) -> bool:
    """Equality between a declared value and a found one: an empty list or object equals an absent one."""
    if want in ([], {}, ""):
        return not have
    if unordered and isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(item in have for item in want)
    if isinstance(want, bool) or isinstance(have, bool):
        return want is have
    return bool(want == have)
