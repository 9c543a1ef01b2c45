"""The places that customers move between: each stack's own Postgres, and its service as its task declares it."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from rehearsal.cloud import Moto
from rehearsal.service.logins import fill_oidc_secret
from rehearsal.service.processes import Programs
from rehearsal.service.result import ServiceRehearsal
from rehearsal.service.run import denials_of, opened_trial, take
from rehearsal.service.steps import DATABASE_STEPS, READY_TIMEOUT_SECONDS, Action, start_service
from rehearsal.service.surroundings import Surroundings
from rehearsal.service.trial import Trial, until
from rehearsal.tenants.databases import AT_ONCE
from rehearsal.tenants.holdings import Holdings


class Places:
    """One database server and one service a stack; their ends are this context's.

    Args:
        app: the folder `app/`.
        stacks: those that need one; the servers begin to start at once.
        base: the base stack's name, and
        begun: its surroundings, which have begun; their identity provider serves all.
    """

    def __init__(self, app: Path, stacks: Sequence[str], base: str, begun: Surroundings) -> None:
        self._own = {stack: Surroundings(app, {}, provider=begun) for stack in stacks if stack != base}
        self.surroundings = {stack: self._own.get(stack, begun) for stack in stacks}
        self.trials: dict[str, Trial] = {}
        self._contexts = ExitStack()
        self._pool = ThreadPoolExecutor(AT_ONCE)

    def __enter__(self) -> Self:
        for one in self._own.values():
            self._contexts.enter_context(one)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._contexts.close()

    def open(self, stacks: Sequence[Holdings], moto: Moto, account: str, programs: Programs) -> None:
        """What the steps of each place share; nothing runs yet but its database server."""
        for one in stacks:
            if one.stack in self.surroundings:
                cloud, here = moto.cloud(account, one.region), self.surroundings[one.stack]
                trial = self._contexts.enter_context(opened_trial(one.declared, cloud, here, programs=programs))
                self.trials[one.stack] = trial

    def take(self, steps: Iterable[tuple[str, Action]], notify: Callable[[str], object]) -> ServiceRehearsal:
        """Take steps that need no single place; with what the gate of each place judged and refused."""
        trials = self.trials.values()
        first = next(iter(trials))
        found = take([(name, partial(step, first)) for name, step in steps], first, notify)
        denials = dict.fromkeys(denial for one in trials for denial in denials_of(one.gate))
        return replace(found, denials=tuple(denials), judged=sum(len(one.gate.judgements) for one in trials))

    def serve(self) -> str:
        """Migrate each database and start each service, two at once. Raises what a step raises."""
        for running in [self._pool.submit(_serve, trial) for trial in self.trials.values()]:
            running.result()
        return ", ".join(sorted(self.trials))


def _serve(trial: Trial) -> None:
    for _, step in DATABASE_STEPS:
        step(trial)
    if not trial.mock_login:
        fill_oidc_secret(trial)
    start_service(trial)
    why = f"{trial.declared.stack} was not ready within {READY_TIMEOUT_SECONDS} s"
    until(lambda: trial.status_of("/readyz") == 200, READY_TIMEOUT_SECONDS, why, trial.service)
