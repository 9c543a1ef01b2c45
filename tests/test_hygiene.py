"""Nothing that git keeps is a key, a state, or a file of settings that hold secrets."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from operations.state.patterns import SHAPES
from tests.conftest import ROOT

GIT = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs git and the project's repository"
)
MADE_UP_HOST = re.compile(r"[^.]+|127\.0\.0\.1|.*\.(?:example|invalid|test|localhost)")  # in examples and tests
MADE_UP_KEY = re.compile(r"A[KS]IA(?:0{16}|REHEARSAL0+|ABCDEFGHIJKLMNOP|IOSFODNN7EXAMPLE|Z{16})")
FORBIDDEN_NAMES = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?!example$)[^/]+)?|\.pulumi/.*|\.aws/.*|id_(?:rsa|ed25519|ecdsa)|credentials"
    r"|[^/]*\.(?:key|p12|pfx|jks|tfstate|state\.json))$"
)


def kept() -> list[Path]:
    """The files that git keeps, new ones that it does not ignore included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def wrong_with(name: str, text: str) -> str | None:
    """Why a file must not be kept; its content is never repeated."""
    if FORBIDDEN_NAMES.search(name):
        return "its name says that it holds secrets or state"
    for kind, shape in SHAPES.items():
        for found in shape.finditer(text):
            if not _made_up(kind, found[0]):
                return kind
    return "an engine's state" if name.endswith(".json") and _is_state(text) else None


def _made_up(kind: str, found: str) -> bool:
    if kind == "AWS access key":
        return bool(MADE_UP_KEY.fullmatch(found))
    if kind == "connection string with a password":
        return bool(MADE_UP_HOST.fullmatch(found.rpartition("@")[2]))
    return False


def _is_state(text: str) -> bool:
    try:
        content = json.loads(text)
    except ValueError:
        return False
    return isinstance(content, dict) and bool({"checkpoint", "deployment"} & set(content)) and "version" in content


@pytest.mark.lengthy
@GIT
def test_git_keeps_no_key_no_state_and_no_settings_with_secrets() -> None:
    wrong = []
    for file in kept():
        name = file.relative_to(ROOT).as_posix()
        problem = wrong_with(name, file.read_text(encoding="utf-8", errors="replace"))
        if problem:
            wrong.append(f"{name}: {problem}")
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", ""),
        ("app/.env.production", ""),
        ("deploy.key", ""),
        ("dev.state.json", "{}"),
        ("infra/.pulumi/stacks/dev.json", "{}"),
        ("notes.md", "-----BEGIN RSA " + "PRIVATE KEY-----"),
        ("notes.md", "AKIA" + "Q3EGRT5HZ7XKPL2M"),
        ("notes.md", "postgresql://workbuoy:" + "tr0ub4dor@db.internal/workbuoy"),
        ("workflow.yaml", "token: ghp_" + "a1B2" * 9),
        ("export.json", '{"version": 3, "deployment": {"resources": []}}'),
    ],
)
def test_what_must_not_be_kept_is_found(name: str, text: str) -> None:
    assert wrong_with(name, text)


@pytest.mark.parametrize(
    "name", [".env.example", "app/.env.example", "app/image/rds-roots.pem", "infra/environment.py"]
)
def test_examples_and_public_certificates_may_be_kept(name: str) -> None:
    assert wrong_with(name, (ROOT / name).read_text(encoding="utf-8")) is None


@GIT
@pytest.mark.parametrize("name", [".env", "app/.env", ".env.local", "prod.state.json", "tls.key", ".pulumi/x.json"])
def test_git_ignores_what_would_hold_secrets(name: str) -> None:
    assert subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=False).returncode == 0
