"""pulumi_aws with a service's modules read when the program names one of theirs.

`pulumi_aws.ec2` reads 183 modules on its first use, and prod names 20 of them; of all services it is a sixth of a
rehearsal. Each package says in its `__init__` nothing but `from .vpc import *`, and each module its names in
`__all__`, so what a name stands in is known without reading any. A package that says anything else is read whole.
"""

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_PROVIDER = "pulumi_aws"
_WITHOUT_EFFECT = {"import builtins as _builtins", "import typing", "from .. import _utilities"}
_NAMES = re.compile(r"^__all__ = (\[[^\]]*\])", re.MULTILINE)
_BEGINNING_BYTES = 4096  # where `__all__` stands; of long ones the whole file is read


def install() -> None:
    """Let services of the provider that are not imported yet be read this way, in this process."""
    if not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        package, _, service = fullname.partition(".")
        if package != _PROVIDER or not service or "." in service:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None or not spec.submodule_search_locations or spec.origin is None:
            return None
        spec.loader = _Lazy(spec.loader, Path(spec.origin))
        return spec


class _Lazy(Loader):
    def __init__(self, whole: Loader, init: Path) -> None:
        self._whole, self._init = whole, init

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._whole.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        names = names_of(self._init)  # only now, since pulumi_aws looks for all its services and reads few
        if names is None:
            self._whole.exec_module(module)
        else:
            vars(module)["__module_of__"] = names
            module.__class__ = _Package


class _Package(ModuleType):
    """A package that reads the module of a name when it is asked for the name."""

    __module_of__: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        module = self.__module_of__.get(name)
        within = importlib.import_module(f"{self.__name__}.{module}") if module else None
        if name in vars(self):
            return vars(self)[name]
        if name == module:  # it asks for itself while it is read, as `outputs` does
            return within
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}":  # Python has imported it
            for one, module in self.__module_of__.items():
                if module == name and one in vars(value):  # as in `from .name import *`, over the module's own name too
                    super().__setattr__(one, vars(value)[one])

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *self.__module_of__})


@cache
def names_of(init: Path) -> dict[str, str] | None:
    """The module of each name that a package gives, later ones first as in Python; None where it must be read whole."""
    names: dict[str, str] = {}
    try:
        for module, whole in _imported(init):
            given = () if whole else _given(init.parent / f"{module}.py")
            names[module] = module
            names.update(dict.fromkeys(given, module))
    except _ReadWholeError:
        return None
    return names


class _ReadWholeError(Exception):
    """A package or module that is not written as all others are."""


def _imported(init: Path) -> Iterator[tuple[str, bool]]:
    """Modules that an `__init__` imports: their names (False), or themselves (True)."""
    for statement in ast.parse(init.read_bytes()).body:
        text = ast.unparse(statement)
        if text in _WITHOUT_EFFECT:
            continue
        if not isinstance(statement, ast.ImportFrom) or statement.level != 1 or len(statement.names) != 1:
            raise _ReadWholeError
        name = statement.names[0].name
        if statement.module is None:
            yield name, True
        elif name == "*":
            yield statement.module, False
        else:
            raise _ReadWholeError


def _given(module: Path) -> list[str]:
    """What a module's `__all__` says."""
    with module.open("rb") as file:
        beginning = file.read(_BEGINNING_BYTES)
        found = _NAMES.search(beginning.decode(errors="replace")) or _NAMES.search((beginning + file.read()).decode())
    if found is None:
        raise _ReadWholeError
    return [str(name) for name in ast.literal_eval(found[1])]
