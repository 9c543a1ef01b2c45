"""Bootstrapping an account, and moving bootstrap's own state into the bucket that it made. Both are safe to repeat."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bootstrap.home import SETTINGS_KEY
from bootstrap.load import load_settings
from bootstrap.names import state_bucket
from bootstrap.settings import AnyAccountSettings
from operations.bootstrap.backends import (
    Backend,
    BootstrapStack,
    bucket_backend,
    bucket_stands,
    local_backend,
    resources_in,
    same_state,
)
from operations.ending import Notify
from operations.engine.account import check_account
from operations.engine.cli import Cli, find_cli
from operations.engine.errors import FailedError, MistakenError
from project.files import Project, find_project, read_config
from project.placement import Placement


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account that is to be bootstrapped: its settings without placeholders, seen to be the one signed in to."""

    project: Project
    stack: str
    settings: AnyAccountSettings
    cli: Cli

    @property
    def folder(self) -> Path:
        """Bootstrap's project on disk."""
        return self.project.root

    def state(self, backend: Backend) -> BootstrapStack:
        """Bootstrap's state in one backend."""
        return BootstrapStack(self.project, self.stack, self.cli, backend)


def open_account(start: Path, stack: str) -> Account:
    """The account of a stack, checked before anything runs.

    Raises ProblemsError for mistakes in its file, EngineError where the CLI is missing or another account is signed in.
    """
    settings = account_settings_of(start, stack)
    cli = find_cli()
    check_account(stack, Placement(account=settings.account, region=settings.region), os.environ)
    return Account(project=bootstrap_project(start), stack=stack, settings=settings, cli=cli)


def account_settings_of(start: Path, stack: str) -> AnyAccountSettings:
    """The settings of a stack's account, without placeholders. Raises ProblemsError for mistakes in its file."""
    project = bootstrap_project(start)
    return load_settings(project.root, stack, read_config(project, stack).get(SETTINGS_KEY))


def bootstrap_project(start: Path) -> Project:
    """The project in `bootstrap/`, from inside it or from anywhere in the repository."""
    project = find_project(start)
    return project if project.root.name == "bootstrap" else find_project(project.root / "bootstrap")


def choose_state(account: Account, notify: Notify, *, bucket_is_there: bool) -> BootstrapStack:
    """The state that an `up` works on: the bucket's where it was adopted, else the folder's.

    Raises MistakenError where the bucket is there and nobody here knows how.
    """
    local, lasting = account.state(local_backend(account.folder)), account.state(bucket_backend(account.settings))
    stack = account.stack
    if bucket_is_there and lasting.exists():
        notify(f"{stack} was bootstrapped before; its state is in the bucket, and this applies what has changed")
        return lasting
    if local.exists():
        notify(f"{stack} was begun before; this goes on, with the state in {account.folder / '.pulumi'}")
        return local
    if bucket_is_there:
        name = state_bucket(account.settings.account, account.settings.region)
        raise MistakenError(
            f"{stack}: the bucket {name} exists already, but holds no state of bootstrap, and neither does this folder",
            "ask who began for their bootstrap/.pulumi, or import what stands (docs/bootstrap.md); nothing was run",
        )
    local.create(local.secrets_provider)
    return local


def bring_up(account: Account, notify: Notify) -> None:
    """`pulumi up` with its own question before anything is made. Raises EngineError."""
    state = choose_state(account, notify, bucket_is_there=bucket_stands(account.settings))
    command = [account.cli.command, "up", "--stack", account.stack]
    done = subprocess.run(command, cwd=account.folder, env={**os.environ, **state.variables}, check=False)
    if done.returncode:
        raise FailedError(f"{account.stack}: `pulumi up` ended with {done.returncode}", "mend what it says and repeat")


def adopt_state(local: BootstrapStack, lasting: BootstrapStack, notify: Notify) -> None:
    """Move bootstrap's state into the bucket; what is there already is never overwritten.

    Raises MistakenError where there is nothing to move, or two states that differ; FailedError where the copy does.
    """
    stack, here, there = lasting.name, local.exists(), lasting.exists()
    if not here and not there:
        raise MistakenError(f"{stack}: there is no state to move", f"`workbuoy bootstrap up {stack}` makes it")
    if not here:
        notify(f"{stack}: the state is in {lasting.backend()} already; nothing to do")
        return
    exported = local.export()
    found = lasting.export() if there else {}
    if resources_in(found):
        if not same_state(exported, found):
            raise MistakenError(
                f"{stack}: {lasting.backend()} holds another state than {local.backend()}",
                "the bucket's is the one in use; look at both (`pulumi stack export`), and take away the folder's",
            )
        notify(f"{stack}: the state was moved before and is the same; nothing to do")
        return
    if not there:
        lasting.create(lasting.secrets_provider)
    lasting.take_over(exported)
    if not same_state(exported, lasting.export()):
        raise FailedError(f"{stack}: the copy in {lasting.backend()} is not the same", "the folder's is untouched")
    notify(f"{stack}: {len(resources_in(exported))} resources are in {lasting.backend()}, compared with the folder's")
