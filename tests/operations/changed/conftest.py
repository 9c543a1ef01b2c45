"""A small project with two bases in prod, one silo and one pool tenant, in a git repository of its own."""

import subprocess
from pathlib import Path

import pytest

SETTINGS = """\
config:
  workbuoy:settings:
    environment: {environment}
    account: "{account}"
    region: {region}
    observability: {{drillWithinDays: {drills}}}
    service:
      image:
        repository: {account}.dkr.ecr.{region}.amazonaws.com/workbuoy
"""
STACKS = {
    "local": ("local", "000000000000", "eu-west-1"),
    "dev": ("dev", "210000000001", "eu-west-1"),
    "prod": ("prod", "210000000003", "eu-west-1"),
    "prod-eu-north-1": ("prod", "210000000003", "eu-north-1"),
}
DRILLED = ("prod",)
FILES = {
    "Pulumi.yaml": "name: workbuoy\nruntime: python\nmain: infra/\n",
    "infra/__main__.py": "",
    "components/files.py": "",
    "docs/guide.md": "",
    "bootstrap/Pulumi.yaml": "",
    "bootstrap/Pulumi.dev.yaml": "",
    "bootstrap/Pulumi.prod.yaml": "",
    "Pulumi.prod-acme.yaml": "config:\n  workbuoy:tenant: acme\n",
    "tenants/acme.yaml": "isolation: silo\nbase: prod\n",
    "tenants/globex.yaml": "isolation: pool\nbase: prod\n",
    "tenants/nordlys.yaml": "isolation: silo\nbase: prod-eu-north-1\n",
}


class Repository:
    """A clone that tests change and commit in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.root), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")


def make_project(root: Path) -> Path:
    """The project's files, without git."""
    files = Repository(root)
    for path, text in FILES.items():
        files.write(path, text)
    for stack, (environment, account, region) in STACKS.items():
        settings = SETTINGS.format(
            environment=environment, account=account, region=region, drills="30" if stack in DRILLED else "null"
        )
        files.write(f"Pulumi.{stack}.yaml", settings)
    return root


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """On branch main with one commit; the current folder."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@workbuoy.example")
    made = Repository(make_project(tmp_path / "clone"))
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit()
    monkeypatch.chdir(made.root)
    return made
