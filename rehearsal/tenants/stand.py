"""Stacks stood up one after the other in one moto; of each further one only what is needed later is kept."""

import gc
import time
from copy import copy
from dataclasses import replace
from typing import Any

from project.files import Project
from rehearsal.cloud import Moto
from rehearsal.result import Check, Rehearsal, State
from rehearsal.run import Options, Quiet, rehearse
from rehearsal.summary import problems_of
from rehearsal.tenants.result import StoodUp
from rehearsal.whole import judged


class Standing:
    """Stands up stacks of one project; a silo after its base, whose outputs it refers to."""

    def __init__(self, project: Project, options: Options, moto: Moto) -> None:
        self._project, self._options, self._moto = project, options, moto
        self._outputs: dict[str, dict[str, Any]] = {}
        self._stood = self._to_forget = 0

    def quiet(self) -> "Standing":
        """The same, which tells nothing; for a copy of this process."""
        other = copy(self)
        other._options = replace(self._options, progress=Quiet())
        return other

    def base(self, stack: str) -> Rehearsal:
        """The base stack that was asked for, told phase by phase. Raises as `rehearse` and the policies do."""
        return self._stand(stack, self._options)

    def further(self, stack: str, tenant: str = "") -> tuple[StoodUp, Rehearsal]:
        """One more stack, in short and whole. Raises likewise."""
        began = time.perf_counter()
        self._forget()
        self._options.progress.phase(f"standing up {stack}")
        rehearsal = self._stand(stack, replace(self._options, progress=Quiet()))
        return _in_short(rehearsal, tenant, time.perf_counter() - began), rehearsal

    def _forget(self) -> None:
        """Let go of what the last stacks left behind; what lives stays and is never looked at again.

        Looking takes a tenth of a second, so it is done when an eighth of all that stood is to be forgotten. What the
        base left stays: half a second would go into looking at all that was imported while it was stood up.
        """
        if self._stood == 0 or self._to_forget * 8 >= self._stood:
            if self._to_forget:
                gc.collect()
            gc.freeze()
            self._to_forget = 0
        self._stood += 1
        self._to_forget += 1

    def _stand(self, stack: str, options: Options) -> Rehearsal:
        rehearsal = rehearse(self._project, stack, replace(options, references=self._outputs), self._moto)
        if "base" not in rehearsal.exports:  # nothing stands on a silo
            self._outputs[stack] = dict(rehearsal.exports)
        return judged(rehearsal, self._project, options)


def _in_short(rehearsal: Rehearsal, tenant: str, seconds: float) -> StoodUp:
    policies = rehearsal.policies
    advised = [one for one in policies.having("fail") if one.level != "mandatory"] if policies else []
    return StoodUp(
        stack=rehearsal.stack,
        tenant=tenant,
        account=rehearsal.account,
        region=rehearsal.region,
        compared=rehearsal.count(State.COMPARED),
        declared_only=rehearsal.count(State.DECLARED_ONLY),
        fields_checked=rehearsal.count_fields(Check.CHECKED),
        fields_not_checked=rehearsal.count_fields(Check.NOT_CHECKED),
        problems=tuple(problems_of(rehearsal)),
        policies_passed=len(policies.having("pass")) if policies else 0,
        policies_advised=len(advised),
        seconds=seconds,
    )
