"""The table of resource types that a rehearsal knows, one file an AWS service."""

from importlib import import_module
from pkgutil import iter_modules

from rehearsal.kinds.kind import DeclaredOnly, Kind

_MODULES = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
KINDS: dict[str, Kind] = {kind.type_: kind for module in _MODULES for kind in getattr(module, "KINDS", ())}
DECLARED_ONLY: dict[str, DeclaredOnly] = {
    only.type_: only for module in _MODULES for only in getattr(module, "DECLARED_ONLY", ())
}
