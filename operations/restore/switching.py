"""The steps that let a restored copy serve, and those back: the second half of `workbuoy restore stack`.

Two halves under two roles. An operator makes and checks the copy and may not touch what serves; who deploys may, and
cannot read the copy. The database is never replaced: the program goes on declaring one instance by its name, and the
stack's state records which of RDS's ids has that name now.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from facts import tokens as t
from graph.plan import Plan
from infra.placeholders import IMAGE_VARIABLE
from operations.ending import Notify
from operations.engine.errors import FailedError
from operations.engine.order import head_of, note
from operations.engine.reviewed import plan_file
from operations.restore.instances import Instances
from operations.restore.moment import run_name, shown
from operations.restore.places import SwitchPlace
from operations.restore.service import Service
from operations.restore.steps import Step, who

if TYPE_CHECKING:
    from operations.engine.stack import EngineStack
    from project.files import Project

_KEEPS: Final = ("same", "read", "update")


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One switch, or its way back, of an open stack; `show` gets what a person must read, the review."""

    project: "Project"
    opened: "EngineStack"
    session: Any
    place: SwitchPlace
    at: datetime
    notify: Notify
    show: Notify

    @cached_property
    def by(self) -> str:
        """Whoever is signed in. Raises botocore's errors."""
        return who(self.session, self.place.region)

    @property
    def instances(self) -> Instances:
        """The database and those beside it."""
        return Instances(self.session, self.place, self.notify)

    @property
    def service(self) -> Service:
        """What serves from it."""
        return Service(self.session, self.place, self.notify)

    def steps(self) -> list[Step]:
        """Until the copy serves."""
        place = self.place
        return [
            _step("review", "review what an update would bring along, before anything stops", self._review),
            _step("stop", f"stop {place.service}: no task runs, nothing writes", self._stop),
            _step(
                "equip",
                f"give {place.copy} what {place.database} has: group, standby, backups, monitoring, protection, a "
                "password that RDS makes",
                self.instances.equip,
            ),
            _step(
                "names",
                f"{place.database} becomes {place.before}, kept and protected; {place.copy}, as of "
                f"{shown(self.at)}, becomes {place.database}",
                lambda: self.instances.switch(self.at),
            ),
            *self._rest(),
        ]

    def steps_back(self) -> list[Step]:
        """Until what served before serves again."""
        place = self.place
        return [
            _step("stop", f"stop {place.service}: no task runs, nothing writes", self._stop),
            _step(
                "names",
                f"{place.database} becomes {place.copy}; {place.before} becomes {place.database}",
                self.instances.switch_back,
            ),
            *self._rest(),
        ]

    def _rest(self) -> list[Step]:
        place = self.place
        return [
            _step("state", f"write the id that {place.database} has now into the stack's state", self._adopt),
            _step("update", "review what follows from that, and update; a new database stops it", self._update),
            _step(
                "passwords",
                "rotate the service's login twice, so that both logins have passwords that this database knows",
                self.service.rotate,
            ),
            _step("start", f"start {place.service}, and wait until it is ready", self._start),
        ]

    def _stop(self) -> Mapping[str, Any]:
        self.service.stop()
        return {"at": run_name(datetime.now(UTC))}

    def _adopt(self) -> Mapping[str, Any]:
        from operations.engine.adopt import adopt  # help must not pay for the engine

        found = self.instances.resource_id()
        adopt(self.opened, t.DATABASE, self.place.database, found, on_output=self.notify)
        return {"resourceId": found}

    def _review(self) -> None:
        """What was committed since the stack was deployed comes along: what stops that must not stop it half-way."""
        from operations.review.engine import preview_opened  # reads every policy

        if self.instances.before() is None:  # else the names have changed, and the way is on or back
            self._expect_passing(preview_opened(self.opened, self.project).plan, "nothing was changed")

    def _update(self) -> Mapping[str, Any]:
        from operations.review.engine import preview_opened  # reads every policy

        name, at = self.opened.name, run_name(self.at)
        with plan_file(wanted=True) as file:
            reviewed = preview_opened(self.opened, self.project, file)
            self._expect_passing(
                reviewed.plan,
                "nothing was updated",
                f"waive it and repeat, or `workbuoy restore switch {name} --at {at} --yes-restore {name} --back`; the "
                "service stands still meanwhile",
            )
            commit, image = head_of(self.project.root), self.opened.variables.get(IMAGE_VARIABLE)
            note(self.opened, self.opened.tags(), commit, image)
            ran = self.opened.up(message=f"database as of {shown(self.at)}", reviewed=reviewed, on_output=self.notify)
        return {"changes": dict(ran.changes)}

    def _expect_passing(self, plan: Plan, left: str, back: str = "") -> None:
        """Show the review. Raises FailedError where it fails or stops, and where no waiver could help a database."""
        from operations.review import perform as reviewing  # reads every policy

        found = reviewing.review(plan, self.project.root / "waivers")
        self.show(reviewing.markdown_text(found))
        if replaced := replacements(plan):
            raise FailedError(f"{self.opened.name}: would {replaced}, which no switch may; {left}", back)
        if found.failed:
            raise FailedError(f"{self.opened.name}: {'; '.join(reviewing.failures(found))}", back)
        if found.stops:
            raise FailedError(f"{reviewing.stopping(found)}; {left}", back)

    def _start(self) -> None:
        from operations.deploy.perform import try_service, wait_for_rollout

        service = self.service
        service.start()
        service.wait()
        outputs = self.opened.outputs()
        wait_for_rollout(self.opened, outputs, self.notify)
        try_service(self.opened, outputs, self.notify)


def replacements(plan: Plan) -> str:
    """In words, a database that a plan would not keep; empty where it keeps every one."""
    return ", ".join(f"{one.op} {one.name}" for one in plan.steps if one.type == t.DATABASE and one.op not in _KEEPS)


def _step(name: str, does: str, run: Callable[[], Mapping[str, Any] | None]) -> Step:
    return Step(name=name, does=does, by="who deploys", run=run)
