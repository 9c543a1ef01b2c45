"""Reading an exported state, and the scan itself: every value of every resource in it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from facts import tokens as t
from graph.errors import reason_of
from graph.wire import SECRET_SIGNATURE, SIGNATURE
from infra.problems import Problem, ProblemsError
from operations.state.patterns import SECRET_PROPERTIES, looks_random, names_a_secret, shape_of

_CIPHERTEXT: Final = re.compile(r"v1:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$")
MOTO_CREDENTIALS: Final = "testing"  # what the stack `local` gives to moto, which takes anything

GENERATED = "let AWS make it (`manageMasterUserPassword`, a rotation), and declare no value"
MARKED = "wrap it with `pulumi.Output.secret`, or name it in `additional_secret_outputs`; then rotate it"
ENCODED = "`pulumi stack change-secrets-provider` to a key of the account, then rotate what the state holds"
SHOWN = "delete this file and export without --show-secrets; whoever had the file has the secret: rotate it"


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A secret value in clear. It names the place and never the value."""

    urn: str
    path: str
    kind: str
    fix: str

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2] or self.urn


def scan(deployment: Mapping[str, Any]) -> list[Leak]:
    """Every secret value that stands in a deployment in clear, in the state's order."""
    leaks = list(_provider(deployment))
    pending = [one.get("resource") or {} for one in deployment.get("pending_operations") or ()]
    for resource in [*(deployment.get("resources") or ()), *pending]:
        leaks += _resource(resource)
    return leaks


def _provider(deployment: Mapping[str, Any]) -> Iterator[Leak]:
    """Some providers only encode."""
    kind = (deployment.get("secrets_providers") or {}).get("type")
    if kind == "b64":
        yield Leak(urn="", path="secrets_providers.type", kind="secrets are encoded, not encrypted", fix=ENCODED)


def _resource(resource: Mapping[str, Any]) -> Iterator[Leak]:
    urn, type_ = str(resource.get("urn", "")), str(resource.get("type", ""))
    secret = SECRET_PROPERTIES.get(type_, ())
    for side in ("inputs", "outputs"):
        for name, value in (resource.get(side) or {}).items():
            known = name in secret and not _harmless(type_, value)
            for path, kind, fix in _value(value, f"{side}.{name}", name, known=known):
                yield Leak(urn=urn, path=path, kind=kind, fix=fix)


def _harmless(type_: str, value: Any) -> bool:
    return type_ == t.PROVIDER and value == MOTO_CREDENTIALS


Found = Iterator[tuple[str, str, str]]


def _value(value: Any, path: str, name: str, *, known: bool) -> Found:
    """Path, kind and fix of what is in clear; `known` where the property carries a secret whatever it looks like."""
    if isinstance(value, Mapping):
        yield from _mapping(value, path, known=known)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value(item, f"{path}[{index}]", name, known=known)
    elif isinstance(value, str) and value:
        yield from _text(value, path, name, known=known)


def _mapping(value: Mapping[str, Any], path: str, *, known: bool) -> Found:
    if value.get(SIGNATURE) == SECRET_SIGNATURE:
        if "plaintext" in value:
            yield path, "secret in clear beside its mark", SHOWN
        elif not _CIPHERTEXT.match(str(value.get("ciphertext", ""))):
            yield path, "marked as secret, but not encrypted", ENCODED
        return
    variable = value.get("name", value.get("Name", value.get("key")))
    for key, item in value.items():
        # A list of variables names each in one property and holds it in another.
        named = variable if key in ("value", "Value") and isinstance(variable, str) else str(key)
        yield from _value(item, f"{path}.{key}", named, known=known)


def _text(value: str, path: str, name: str, *, known: bool) -> Found:
    if value[0] in "{[" and (document := _parsed(value)) is not None:
        yield from _value(document, path, name, known=known)
        return
    shape = shape_of(value)
    if known:
        yield path, "value of a secret", GENERATED
    elif shape:
        yield path, shape, MARKED
    elif names_a_secret(name) and looks_random(value):
        yield path, f"value under the name {name}", MARKED


def _parsed(value: str) -> Any:
    """A document inside a string, such as a policy or a task's containers."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


VERSIONS: Final = (3, 4)
LIMIT_MEGABYTES: Final = 200
HOW: Final = "write it with `pulumi stack export --stack STACK --file FILE`"


def read_state(file: Path) -> dict[str, Any]:
    """The deployment in a file. Raises ProblemsError for anything that is no state of a known version."""
    content = _content(file)
    version = content.get("version")
    checkpoint = content.get("checkpoint")
    deployment = checkpoint.get("latest") if isinstance(checkpoint, dict) else content.get("deployment")
    if version not in VERSIONS and isinstance(version, int):
        _refuse(file, f"is a state of version {version}; this command knows {' and '.join(map(str, VERSIONS))}")
    if not isinstance(deployment, dict) or not isinstance(deployment.get("resources") or [], list):
        _refuse(file, f"is no state; {HOW}")
    found: dict[str, Any] = deployment
    return found


def _content(file: Path) -> dict[str, Any]:
    try:
        megabytes = file.stat().st_size / 1e6
        text = file.read_text(encoding="utf-8") if megabytes <= LIMIT_MEGABYTES else ""
        content = json.loads(text or "{}")
    except (OSError, UnicodeDecodeError) as error:
        _refuse(file, f"cannot be read: {reason_of(error)}")
    except (ValueError, RecursionError):
        _refuse(file, f"is no JSON; {HOW}")
    if megabytes > LIMIT_MEGABYTES:
        _refuse(file, f"has {megabytes:.0f} MB; a state has at most {LIMIT_MEGABYTES} MB here. Is it the right file?")
    if not isinstance(content, dict):
        _refuse(file, f"is no state; {HOW}")
    return content


def _refuse(file: Path, message: str) -> NoReturn:
    raise ProblemsError([Problem(file=str(file), message=message)]) from None
