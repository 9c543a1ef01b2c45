"""botocore's models, each file read once a process.

moto asks a session of its own for the regions of each service, and botocore reads the service's whole model to answer:
EC2's six times in one rehearsal of prod, which with the others is a seventh of its time. Each such session also looks
into the folders of all four hundred services for the name of one.
"""

import gzip
import json
import marshal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rehearsal.patching import replace_attribute


@contextmanager
def read_once() -> Iterator[None]:
    """Let all sessions share what is read, for as long as the context lasts.

    moto writes additions of its own into the models that it reads, so it gets copies: what a request is held to stays
    what AWS says.
    """
    from botocore import loaders  # a second of imports that printing help must not pay for
    from moto.core import loaders as motos

    # It stands in botocore's module, since a fork of `rehearse --watch` forgets ours and keeps botocore's.
    kept: dict[Any, Any] = vars(loaders).setdefault("_read_by_rehearsals", {})

    def read(path: str) -> Any:
        if path not in kept:
            kept[path] = _read(path)
        return kept[path]

    class Shared(loaders.JSONFileLoader):  # type: ignore[misc]  # botocore has no types
        def load_file(self, file_path: str) -> Any:
            return read(file_path)

    class Copied(loaders.JSONFileLoader):  # type: ignore[misc]
        def load_file(self, file_path: str) -> Any:
            return marshal.loads(marshal.dumps(read(file_path)))  # noqa: S302 what was written in the same line

    list_services = loaders.Loader.list_available_services

    def listed(self: Any, type_name: str) -> Any:
        listing = (type_name, *self.search_paths)
        if listing not in kept:
            kept[listing] = list_services(self, type_name)
        return kept[listing]

    undo = replace_attribute(loaders.Loader, "list_available_services", listed)
    try:
        with _loading_by(loaders.Loader, Shared), _loading_by(motos.Loader, Copied):
            yield
    finally:
        undo()


@contextmanager
def _loading_by(loader: Any, files: type) -> Iterator[None]:
    """Let a class of loaders read files so, and afterwards as before, which may be another context's way."""
    own = vars(loader).get("FILE_LOADER_CLASS")
    loader.FILE_LOADER_CLASS = files
    try:
        yield
    finally:
        if own is None:
            del loader.FILE_LOADER_CLASS  # what its parent has counts again
        else:
            loader.FILE_LOADER_CLASS = own


def _read(path: str) -> Any:
    """What the file of this name says, packed or not; None without one."""
    for ending, opened in ((".json", open), (".json.gz", gzip.open)):
        if Path(path + ending).is_file():
            with opened(path + ending, "rb") as file:
                return json.load(file)
    return None
