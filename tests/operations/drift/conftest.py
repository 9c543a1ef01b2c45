"""`prod` of the examples under a stand-in for the CLI, signed in to its account."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from operations.engine import account
from operations.main import main
from project.files import Project
from project.placement import placement_of
from tests.operations.engine.fake_cli import FakeCli

DIGEST = "sha256:" + "aa" * 32
Invoke = Callable[..., Result]


@pytest.fixture
def invoke(fake_cli: FakeCli, made_project: Project, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run a command in the project, with the stand-in's answers."""
    monkeypatch.chdir(made_project.root)
    me = {"Account": placement_of(made_project, "prod").account, "Arn": "arn:aws:iam::210000000003:user/ola"}
    monkeypatch.setattr(account, "who_am_i", lambda *_: me)

    def run(*arguments: str, **answers: Any) -> Result:
        outputs = {"stack output": {"out": json.dumps({"imageDigest": DIGEST})}}
        fake_cli.answer({**outputs, **{name.replace("_", " "): answer for name, answer in answers.items()}})
        result = CliRunner().invoke(main, list(arguments))
        # What pytest shows of a test that fails: everything that was said and asked.
        print(f"workbuoy {' '.join(arguments)}: exit {result.exit_code}\n{result.output}")
        print(*(" ".join(one["args"]) for one in fake_cli.calls()), sep="\n")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
