"""Changing, tagging and deleting one resource in moto by what `rehearsal.change.operations` finds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rehearsal.change.operations import Operation, Operations, changes_of, heads, identified, identity_of, is_sent_again
from rehearsal.cloud import CloudError
from rehearsal.compare import compare, place, translate
from rehearsal.kinds.kind import Call, Change, Field, Kind, finder
from rehearsal.made import Made
from rehearsal.mapper import Mapper
from rehearsal.naming import fill
from rehearsal.result import Check

_GONE: Final = re.compile("NotFound|NoSuch|NotExist|Non[Ee]xist|404|Unknown|Malformed")
_CHANGE: Final = "change"
_NO_CALL: Final = ("update", "delete")
"""Fields of these calls go with an operation that another property asks for."""


class UnableError(Exception):
    """A change that the table of kinds has no operation for."""


@dataclass(frozen=True, slots=True)
class _Request:
    operation: str
    params: dict[str, Any]
    breaks: str = ""
    renews: str = ""


class Applying:
    """Changes what a mapper made."""

    def __init__(self, mapper: Mapper) -> None:
        self._mapper = mapper

    def update(self, old: Made, new: Made) -> None:
        """Send what turns one resource into what is declared now.

        Raises UnableError where the table knows no operation, CloudError where moto refuses one.
        """
        kind = new.kind
        if kind is None:
            return
        self._look(new, kind)
        for request in list(_Updating(kind, Operations(self._mapper.cloud, kind, new.region), old, new).requests()):
            response = self._mapper.send(
                new, kind, Call(request.operation, name=_CHANGE, moto_breaks=request.breaks), request.params
            )
            if request.renews:
                new.id = new.values["id"] = str(finder(request.renews)(response) or new.id)

    def delete(self, made: Made) -> str:
        """Delete a resource as its provider does; why nothing was deleted, else empty.

        Raises UnableError, and CloudError where moto refuses it or it is still there afterwards.
        """
        kind = made.kind
        if kind is None:
            return ""
        if kind.stays:
            return kind.stays
        if made.properties.get("skipDestroy"):
            return "it is declared to stay (skipDestroy)"
        if kind.empty is not None:
            kind.empty(
                lambda name, params: self._mapper.send(made, kind, Call(name, name=_CHANGE), params), made.values
            )
        self._look(made, kind)
        for operation, params in list(_deletions(kind, Operations(self._mapper.cloud, kind, made.region), made)):
            self._mapper.send(made, kind, Call(operation, name=_CHANGE), params)
        if self._is_there(made, kind):
            raise CloudError("it is deleted, and AWS still shows it")
        return ""

    def _look(self, made: Made, kind: Kind) -> None:
        """Read what stands, where an operation must be told something of it (`$standing`), such as a lock token."""
        if any("$standing" in str(one.params) for one in (*kind.updates, *kind.deletes)):
            made.values["standing"] = self._mapper.reader.again(made)

    def _is_there(self, made: Made, kind: Kind) -> bool:
        try:
            document = self._mapper.reader.again(made)
        except CloudError as fault:
            if _GONE.search(fault.code) or _GONE.search(str(fault)):
                return False
            raise
        except LookupError:
            return False
        ends = (path for path in (kind.ending, kind.reset) if path)
        return bool(document) and not any(finder(path)(document) for path in ends)

    def left_behind(self, old: Made, new: Made) -> list[str]:
        """Paths of what was declared, is no more, and is still read back."""
        kind = new.kind
        if kind is None or old.properties == new.properties:
            return []
        document = self._mapper.reader.again(new)
        still = {
            one.path: one.declared
            for one in compare(kind.fields, {**old.declared.inputs, **_tags(old)}, document)
            if one.check is Check.CHECKED
        }
        wanted = {one.path for one in compare(kind.fields, {**new.declared.inputs, **_tags(new)}, document)}
        gone = (path for path in still if path not in wanted and not _within(path, wanted))
        return [path for path in gone if still[path] not in (None, False, 0, "", [], {}, kind.defaults.get(path))]


def _tags(made: Made) -> dict[str, Any]:
    return {"tags": made.properties["tags"]} if "tags" in made.properties else {}


def _within(path: str, wanted: set[str]) -> bool:
    """Whether a whole that holds the path, or a part of it, is declared still and so compared on its own."""
    return any(one.startswith((f"{path}.", f"{path}[")) for one in wanted)


def is_changeable(kind: Kind, key: str, operations: Operations) -> bool:
    """Whether the table or AWS's models know how a property is changed in place, whatever its value."""
    one = kind.fields[key]
    if next(changes_of(kind, key), None) or one.call in _NO_CALL or (one.unchecked and not one.aws):
        return True
    if not one.aws:
        return False
    if (key == "tags" and operations.tagging()) or is_sent_again(kind, _call_of(kind, one)):
        return True
    return any(_takes(found, one.aws[0]) for found in _candidates(kind, operations))


def _call_of(kind: Kind, one: Field) -> Call:
    return next(call for call in kind.calls if call.name == one.call)


def _candidates(kind: Kind, operations: Operations) -> Iterator[Operation]:
    """What changes several properties at once."""
    found = operations.modifying()
    yield from [found] if found else []
    yield from (_known(kind, operations, change.operation) for change in kind.updates if change.fields is None)


def _known(kind: Kind, operations: Operations, name: str) -> Operation:
    found = operations.find(name)
    if found is None:
        raise UnableError(f"{kind.service} has no operation {name}: correct rehearsal/kinds/")
    return found


@dataclass(frozen=True)
class _Updating:
    kind: Kind
    operations: Operations
    old: Made
    new: Made

    def requests(self) -> Iterator[_Request]:
        """What to send, in order: what the table says, what is sent again, what the models say, tags."""
        was, now = ({**self.kind.defaults, **one.properties} for one in (self.old, self.new))
        changed = [key for key in self.kind.fields if was.get(key) != now.get(key)]
        stated: list[Change] = []
        again: dict[str, Call] = {}
        derived: list[str] = []
        unable: list[str] = []
        for key in changed:
            one = self.kind.fields[key]
            known = list(changes_of(self.kind, key, taken_away=now.get(key) is None))
            if known:
                stated += [change for change in known if change not in stated]
            elif one.call in _NO_CALL or (one.unchecked and (key == "tags" or not one.aws)):
                continue
            elif key == "tags" and one.call == self.kind.calls[0].name and self.operations.tagging():
                yield from self._tags(one, was.get(key) or {}, now.get(key) or {})
            elif one.aws and is_sent_again(self.kind, _call_of(self.kind, one)):
                again[one.call] = _call_of(self.kind, one)
            elif now.get(key) is not None and self._modifying(one, now[key]) is None:
                unable.append(key)
            else:
                derived.append(key)
        if unable:
            names = ", ".join(unable)
            raise UnableError(f"no operation is known that changes {names} in place: say it in rehearsal/kinds/")
        for change in stated:
            yield from self._stated(change, changed, was, now)
        for call in again.values():
            yield from self._again(call, now)
        yield from self._derived(derived, was, now)

    # ---- what the table says

    def _stated(
        self, change: Change, changed: Iterable[str], was: Mapping[str, Any], now: Mapping[str, Any]
    ) -> Iterator[_Request]:
        operation = _known(self.kind, self.operations, change.operation)
        params = {key: value for key, value in fill(dict(change.params), self.new.values).items() if value is not None}
        touched = any(key in change.removes and was.get(key) is not None and now.get(key) is None for key in changed)
        for key, path in (change.fields or {}).items():
            if key in changed and now.get(key) is not None:
                one = self.kind.fields[key]
                where = tuple(path.split(".")) if path else one.aws
                place(params, where, translate(one, now[key]))
                touched = True
        packed = change.pack(params) if touched else None
        for wanted in packed if isinstance(packed, list) else [packed] if packed is not None else []:
            yield _Request(
                change.operation, identified(self.kind, operation, self.new.values, now, wanted), renews=change.renews
            )

    def _again(self, call: Call, now: Mapping[str, Any]) -> Iterator[_Request]:
        params = fill(dict(call.params), self.new.values)
        for key, one in self.kind.fields.items():
            if one.aws and one.call == call.name and now.get(key) is not None:
                place(params, one.aws, translate(one, now[key]))
        packed = call.pack(params)
        if packed is not None:
            yield _Request(call.operation, {k: v for k, v in packed.items() if v is not None}, call.moto_breaks)

    # ---- what AWS's models say

    def _modifying(self, one: Field, value: Any) -> Operation | None:
        call = _call_of(self.kind, one)
        names = heads(call, one, value) if one.aws else ()
        return next(
            (
                found
                for found in _candidates(self.kind, self.operations)
                if names and all(_takes(found, name) for name in names)
            ),
            None,
        )

    def _derived(self, keys: Iterable[str], was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[_Request]:
        """One request an operation, with everything that it takes: what is left out, some services take for empty."""
        wanted = {key: self._modifying(self.kind.fields[key], now[key]) for key in keys if now.get(key) is not None}
        made_by = self.kind.calls[0].name
        for operation in {one.name: one for one in wanted.values() if one is not None}.values():
            params = fill(dict(self._params_of(operation)), self.new.values)
            for key, one in self.kind.fields.items():
                found = now.get(key)
                if found is None or not one.aws or one.call != made_by or self._modifying(one, found) != operation:
                    continue
                for name, value in self._sent(one, found, was.get(key), operation).items():
                    place(params, (name,), value)
            _go_with(self.kind, "update", operation, now, params)
            yield _Request(operation.name, identified(self.kind, operation, self.new.values, now, params))

    def _params_of(self, operation: Operation) -> Mapping[str, Any]:
        stated = (one.params for one in self.kind.updates if one.fields is None and one.operation == operation.name)
        return next(stated, {})

    def _sent(self, one: Field, found: Any, was: Any, operation: Operation) -> dict[str, Any]:
        wanted: dict[str, Any] = {}
        place(wanted, one.aws, translate(one, found))
        sent: dict[str, Any] = {}
        for name, value in (_call_of(self.kind, one).pack(wanted) or {}).items():
            if name in operation.members:
                sent[name] = value
            else:
                sent.update(_apart(name, value, translate(one, was or [])))
        return sent

    def _tags(self, one: Field, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[_Request]:
        found = self.operations.tagging()
        assert found is not None  # noqa: S101  asked for above
        adding, removing = found
        changed = {key: value for key, value in now.items() if was.get(key) != value}
        gone = [key for key in was if key not in now]
        if gone:
            member = next(name for name in removing.members if "tag" in name.lower())
            listed = removing.members[member].member.type_name == "structure"
            yield self._tagged(removing, member, [{"Key": key} for key in gone] if listed else gone)
        if changed:
            member = next(name for name in adding.members if "tag" in name.lower())
            sent = one.form.send(changed)
            yield self._tagged(adding, member, sent[0]["Tags"] if one.aws == ("TagSpecifications",) else sent)

    def _tagged(self, operation: Operation, member: str, value: Any) -> _Request:
        params = {member: value}
        arn = self.new.id if self.kind.service == "ec2" else self.new.outputs.get("arn") or self.new.id
        for name in operation.required:
            if name.lower().startswith("resource") and name not in (member, *identity_of(self.kind.type_)):
                params[name] = [arn] if operation.members[name].type_name == "list" else arn
        return _Request(operation.name, identified(self.kind, operation, self.new.values, self.new.properties, params))


def _takes(operation: Operation, name: str) -> bool:
    return name in operation.members or {f"Add{name}", f"Remove{name}"} <= operation.members.keys()


def _apart(name: str, now: Any, was: Any) -> dict[str, Any]:
    """What is added to a list and taken from it, where AWS takes these and not the whole."""
    found = {
        f"Add{name}": [one for one in now if one not in was],
        f"Remove{name}": [one for one in was if one not in now],
    }
    return {key: value for key, value in found.items() if value}


def _go_with(kind: Kind, call: str, operation: Operation, now: Mapping[str, Any], params: dict[str, Any]) -> None:
    """Properties that are sent along with a change or a deletion, and never otherwise."""
    for key, one in kind.fields.items():
        if one.call == call and now.get(key) is not None and one.aws[0] in operation.members:
            place(params, one.aws, translate(one, now[key]))


def _deletions(kind: Kind, operations: Operations, made: Made) -> Iterator[tuple[str, dict[str, Any]]]:
    derived = operations.deleting()
    changes = kind.deletes or ([Change(derived.name)] if derived else [])
    if not changes:
        raise UnableError(f"no operation is known that deletes {kind.type_}: say it in rehearsal/kinds/")
    for change in changes:
        operation = _known(kind, operations, change.operation)
        params = {key: value for key, value in fill(dict(change.params), made.values).items() if value is not None}
        _go_with(kind, "delete", operation, {**kind.defaults, **made.properties}, params)
        packed = change.pack(params)
        for wanted in packed if isinstance(packed, list) else [packed] if packed is not None else []:
            yield change.operation, identified(kind, operation, made.values, made.properties, wanted)
