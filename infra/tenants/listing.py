"""Where customers' records lie: in `tenants/` and in folders below it, each file named after its customer.

Folders group records for people, as one a cell. What a record says decides, never where it lies. Names are told by
the listing alone, so that two records of one name are found without reading any.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.problems import Problem, ProblemsError

FOLDER: Final = "tenants"
OFFBOARDED_FOLDER: Final = "tenants/offboarded"
MOVED_FOLDER: Final = "tenants/moved"
_SUFFIX: Final = ".yaml"


@dataclass(frozen=True)
class Listing:
    """Name -> the paths of its records from the project's root, which are one where all is well."""

    paths: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]

    def path(self, name: str) -> str:
        """Where a customer's record lies; where it would lie, for one that has none."""
        return self.paths.get(name, (f"{FOLDER}/{name}{_SUFFIX}",))[0]

    def names(self) -> list[str]:
        """Of all customers, sorted."""
        return sorted(self.paths)


def list_records(root: Path) -> Listing:
    """All records, and what their places and names alone are wrong with."""
    paths: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for path, linked in _walk(root, FOLDER):
        stem, suffix = os.path.splitext(path.rpartition("/")[2])
        if linked:
            problems.append(Problem(file=path, message="links to a folder, which nothing follows; make it a folder"))
        elif path.startswith(f"{MOVED_FOLDER}/"):
            continue
        elif suffix == _SUFFIX and not path.startswith(f"{OFFBOARDED_FOLDER}/"):
            paths[stem] = (*paths.get(stem, ()), path)
        elif suffix != _SUFFIX and suffix.lower() in (".yml", _SUFFIX):
            message = f"is not read under this name; call it {path.removesuffix(suffix)}{_SUFFIX}"
            problems.append(Problem(file=path, message=message))
    problems += [one for name, found in paths.items() if len(found) > 1 for one in _twice(name, found)]
    return Listing(paths, tuple(problems))


def _walk(root: Path, folder: str) -> Iterator[tuple[str, bool]]:
    """Files in the order of their names, and links to folders with True."""
    try:
        with os.scandir(f"{root}/{folder}") as opened:
            entries = sorted(opened, key=lambda one: one.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ProblemsError([Problem(file=folder, message=f"cannot be read: {error.strerror}")]) from None
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, path)
        else:
            yield path, entry.is_symlink() and entry.is_dir()


def _twice(name: str, found: tuple[str, ...]) -> Iterator[Problem]:
    for path in found:
        others = ", ".join(other for other in found if other != path)
        yield Problem(file=path, message=f"{name} has another record, {others}; a name is one customer's, keep one")


def record_path(root: Path, name: str) -> str:
    """The path of a customer's record from the project's root; where it would lie, for one that has none.

    Raises ProblemsError where there are two.
    """
    found = list_records(root).paths.get(name, ())
    if len(found) > 1:
        raise ProblemsError(_twice(name, found))
    return found[0] if found else f"{FOLDER}/{name}{_SUFFIX}"


def tenant_file(root: Path, name: str) -> Path:
    """The file that holds a customer's record. Raises ProblemsError where there are two."""
    return root / record_path(root, name)


def new_tenant_file(root: Path, name: str, base: str) -> Path:
    """Where a new customer's record goes: into the folder of its base stack, where the project has one."""
    folder = root / FOLDER / base
    return (folder if folder.is_dir() else root / FOLDER) / f"{name}{_SUFFIX}"


def offboarding_file(root: Path, name: str) -> Path:
    """The file that records a customer's leaving."""
    return root / OFFBOARDED_FOLDER / f"{name}{_SUFFIX}"


def name_in(path: str) -> str | None:
    """Whose record a path from the project's root is; None for another file."""
    other_folders = (f"{OFFBOARDED_FOLDER}/", f"{MOVED_FOLDER}/")
    if not path.startswith(f"{FOLDER}/") or not path.endswith(_SUFFIX) or path.startswith(other_folders):
        return None
    return path.rpartition("/")[2].removesuffix(_SUFFIX)
