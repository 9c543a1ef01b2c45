"""Reads resources back from moto by the table of kinds, and compares them with what was declared."""

from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.cloud import Cloud, CloudError
from rehearsal.compare import compare
from rehearsal.kinds.kind import Kind, Read, finder
from rehearsal.made import Made
from rehearsal.naming import fill
from rehearsal.result import Check, FieldResult, State


class Reader:
    """Reads what a mapper made, in one listing where that serves many."""

    def __init__(self, cloud: Cloud, made: Mapping[str, Made]) -> None:
        self._cloud = cloud
        self._made = made
        self._pages: dict[tuple[str, str, str], list[Any]] = {}
        self._indexes: dict[tuple[str, str, int], dict[Any, Any]] = {}

    def read_back(self, made: Made) -> tuple[FieldResult, ...]:
        """Read a resource from moto again and compare every declared field.

        Raises CloudError or LookupError when it is not there.
        """
        kind = made.kind
        if kind is None:
            return ()
        document = self.read(made, kind, cached=True)
        if document is None:
            raise LookupError(f"{kind.type_} {made.id} is gone")
        if kind.ending and finder(kind.ending)(document):
            raise LookupError(f"{kind.type_} {made.id} is deleted")
        declared = {
            key: value for key, value in made.properties.items() if key in made.declared.inputs or key == "tags"
        }
        results = compare(kind.fields, declared, document)
        if "region" in made.declared.inputs:
            results.append(FieldResult("region", Check.CHECKED, made.region, made.region))
        return tuple(results)

    def again(self, made: Made) -> Any:
        """What moto holds of a resource now. Raises CloudError; None where it is gone."""
        return self.read(made, made.kind, cached=False) if made.kind is not None else None

    def forget_lists(self) -> None:
        """Drop what was listed: the next reading asks moto again."""
        self._pages.clear()
        self._indexes.clear()

    def read(self, made: Made, kind: Kind, *, cached: bool) -> Any:
        """A resource's whole document; None where it is gone. Raises CloudError."""
        document: Any = None
        for number, read in enumerate(kind.reads):
            if read.when and read.when not in made.properties:
                continue
            found = self._read_one(made, kind, read, cached=cached)
            if number == 0:
                if found is None:
                    return None
                made.values["read"] = found
                document = dict(found) if len(kind.reads) > 1 and isinstance(found, dict) else found
            elif read.into:
                document[read.into] = found
            else:
                document.update(found or {})
        return document

    def _read_one(self, made: Made, kind: Kind, read: Read, *, cached: bool) -> Any:
        service, region = kind.service, kind.global_region or made.region
        if read.index and cached and not _own_params(read):
            return self._listed(service, region, read).get(fill(read.key, made.values))
        params = fill(dict(read.params), made.values)
        try:
            response = self._cloud.call(service, read.operation, params, region)
        except CloudError as fault:
            if fault.code in read.absent:
                return None
            raise
        found = finder(read.pick)(response)
        if not read.index:
            return {**found, **fill(dict(read.proves), made.values)} if read.proves and found is not None else found
        wanted = fill(read.key, made.values)
        item = next((item for item in found or () if finder(read.index)(item) == wanted), None)
        return {**item, **fill(dict(read.proves), made.values)} if read.proves and item is not None else item

    def _listed(self, service: str, region: str, read: Read) -> dict[Any, Any]:
        listing, index = (service, region, read.operation), (service, region, id(read))
        if listing not in self._pages:
            self._pages[listing] = self._list(service, region, read)
        if index not in self._indexes:
            find, pick = finder(read.index), finder(read.pick)
            self._indexes[index] = {find(item): item for page in self._pages[listing] for item in pick(page) or ()}
        return self._indexes[index]

    def _list(self, service: str, region: str, read: Read) -> list[Any]:
        """A listing of this stack's own resources where it can be narrowed to them; else of the account's."""
        if read.among is not None:
            keys = [fill(one.key, made.values) for made, one in self._read_by(read.operation, region)]
            try:
                return list(self._cloud.pages(service, read.operation, region, read.among(keys)))
            except CloudError:
                pass  # one of them is gone: the whole listing tells which
        return list(self._cloud.pages(service, read.operation, region))

    def _read_by(self, operation: str, region: str) -> Iterator[tuple[Made, Read]]:
        for made in self._made.values():
            if made.kind is not None and made.state is State.COMPARED:
                region_of = made.kind.global_region or made.region
                yield from (
                    (made, one) for one in made.kind.reads if one.operation == operation and region_of == region
                )


def _own_params(read: Read) -> bool:
    """Whether a listing is narrowed to one resource by more than its id, so that one listing cannot serve all."""
    return bool(read.params) and "$id" not in str(read.params)
