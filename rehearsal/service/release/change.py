"""A deployment as ECS makes it, and the way back, step by step. Each returns a detail, or raises StepError."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rehearsal.service import steps, tasks
from rehearsal.service.browser import fetch
from rehearsal.service.declared import DeclaredService
from rehearsal.service.forks import Forks
from rehearsal.service.lambda_runtime import lambda_runtime
from rehearsal.service.ports import free_port
from rehearsal.service.processes import Programs, started
from rehearsal.service.release.balancer import Balancer
from rehearsal.service.release.migration import (
    LONGEST_WAIT_SECONDS,
    Watch,
    linted,
    named_tables,
    way_out,
)
from rehearsal.service.release.traffic import SHOWN, Traffic
from rehearsal.service.run import Step
from rehearsal.service.trial import StepError, Trial, expect

CALM_SECONDS = 1.5
ATTACHMENT = b"kept through the change" * 1000


@dataclass
class Change:
    """What the steps share: the release before, the coming one, and the traffic between.

    `former` is filled by the first steps; `coming` stands in the same surroundings, with ports of its own.
    `declared` and `programs` are the coming release's, `package` is its own package, whatever `programs` runs, and
    `revisions` are the migrations that the release before has not.
    """

    former: Trial
    declared: DeclaredService
    programs: Programs
    package: Forks
    revisions: Sequence[Path]
    balancer: Balancer = field(default_factory=Balancer)
    notes: list[str] = field(default_factory=list)
    traffic: Traffic | None = None
    coming: Trial | None = None
    content: str = ""

    def steps(self) -> tuple[Step, ...]:
        """All of them, in a deployment's order."""
        former = self.former

        def by(step: steps.Action) -> Callable[[], str]:
            return lambda: step(former)

        return (
            *((name, by(step)) for name, step in steps.DATABASE_STEPS),
            ("the release before starts", by(steps.start_service)),
            ("tenants and members", by(steps.enrol)),
            ("it is ready", by(steps.become_ready)),
            ("login", by(steps.log_in)),
            ("data through its API", self.make_data),
            ("tables of a real size", self.fill_tables),
            ("traffic begins", self.begin_traffic),
            ("migrate beside it", self.migrate),
            ("the release before on the new schema", self.use_former),
            ("a rotation between", self.rotate),
            ("new tasks before the old ones go", self.take_over),
            ("a rotation by the new function", self.rotate_anew),
            ("rollback: the release before starts again", self.roll_back),
            ("every acknowledged write is there", self.compare),
            ("a clean stop, clean logs", by(steps.stop_service)),
        )

    # ---- before the change

    def make_data(self) -> str:
        """A thing with an attachment, made through the release before."""
        ada = self.former.member
        steps.store_record(self.former)
        path = f"{self.former.thing_path}/attachments"
        made = expect(ada.send("POST", f"{path}?name=kept.txt", ATTACHMENT, "text/plain"), 201).json()
        self.content = f"{path}/{made['id']}/content"
        self.balancer.register(self.former.ports[0], self.former.declared.scheme)
        return "a thing with an attachment"

    def fill_tables(self) -> str:
        """Rows in the tables that the migration names, so that its locks last as long as they would."""
        self.coming = self._coming()
        tables = named_tables(self.revisions)
        if not self.revisions:
            return "not needed: the schema stays as it is"
        filled = Watch(self.coming, self.package).fill(tables) if tables else {}
        self.notes += [
            f"{table}: not filled, so its locks are not measured: {why}"
            for table, why in filled.items()
            if isinstance(why, str)
        ]
        sizes = [f"{table} {rows:,}" for table, rows in filled.items() if isinstance(rows, int) and rows]
        return ", ".join(sizes) or "the migration names none that holds rows"

    def begin_traffic(self) -> str:
        """Readers and writers at a steady rate, until the end."""
        self.traffic = traffic = Traffic(self.balancer, self.former.public_url, self.former.member.cookies)
        self.former.stack.callback(traffic.stop)
        self._phase("nothing changes")
        traffic.start()
        return f"{self._calm()} requests"

    # ---- the deployment

    def migrate(self) -> str:
        """The coming release's `migrate`, whose locks hold nobody up for long."""
        self._phase("migrate runs")
        watch = Watch(_coming(self), self.package)
        tasks.finish(watch.migrate(), "migrate", steps.MIGRATE_TIMEOUT_SECONDS)
        locks, statements = watch.locks(), watch.statements()
        if self.revisions:
            self.notes += linted(statements, self.former.folder)
        longest = locks[0] if locks else None
        if longest is not None and longest.seconds > LONGEST_WAIT_SECONDS:
            raise StepError(
                f"requests waited {longest.seconds:.1f} s for a lock on {longest.table or 'the schema'} behind"
                f" `{longest.statement}`: {way_out(longest.statement)}"
            )
        self._expect_no_failure()
        waited = f"the longest wait behind it {longest.seconds:.2f} s" if longest else "nobody waited for it"
        return f"{len(self.revisions)} new revisions, {waited}"

    def use_former(self) -> str:
        """Every kind of request to the release before, which still serves."""
        self._phase("the release before runs on the new schema")
        self._use(self.former)
        return f"{self._calm()} requests"

    def rotate(self) -> str:
        """The login changes by the former function."""
        self._phase("the login is rotated")
        steps.rotate(self.former)
        self._expect_no_failure()
        return "four steps, by the function before"

    def take_over(self) -> str:
        """The coming release starts and is asked before the release before is drained and ended."""
        coming = _coming(self)
        self._phase("both releases serve")
        self._start(coming)
        both = self._calm()
        self._phase("the release before is drained")
        self._end(self.former)
        self._phase("the coming release serves")
        self._use(coming)
        return f"{both} requests to both, {self._calm()} to the coming release"

    def rotate_anew(self) -> str:
        """The coming release's function changes the login."""
        coming = _coming(self)
        self._phase("the login is rotated by the new function")
        coming.runtime = coming.stack.enter_context(lambda_runtime(coming.declared.rotation_function_arn))
        environment = coming.function_environment()
        coming.stack.enter_context(started(coming.programs.begin(coming.declared.rotation_arguments, environment)))
        steps.rotate(coming)
        self._expect_no_failure()
        return "four steps, by the coming release"

    # ---- the way back

    def roll_back(self) -> str:
        """The task of the release before, its `migrate` first, on the schema as it is now."""
        self._phase("the release before starts again")
        former = self.former
        migrate = tasks.begin(former, former.declared.migrate, former.declared.migrate.arguments)
        tasks.finish(migrate, "migrate of the release before, on the new schema,", steps.MIGRATE_TIMEOUT_SECONDS)
        former.ports = (free_port(), free_port())
        self._start(former)
        self._end(_coming(self))
        self._use(former)
        return f"{self._calm()} requests"

    def compare(self) -> str:
        """What was acknowledged at any time is there now, and as it was acknowledged."""
        traffic = _traffic(self)
        traffic.stop()
        self._expect_no_failure()
        browser = replace(self.former.browser(), cookies=dict(traffic.cookies))
        lost = traffic.lost(browser)
        if lost:
            raise StepError(f"{len(lost)} of {len(traffic.acknowledged)} acknowledged writes are lost: {lost[0]}")
        if fetch(expect(browser.send("GET", self.content), 307).headers["location"]).body != ATTACHMENT:
            raise StepError("the attachment came back changed")
        return (
            f"{len(traffic.acknowledged)} things and the attachment; {traffic.sent} requests, none failed,"
            f" the slowest {traffic.slowest_seconds:.2f} s"
        )

    # ---- shared

    def _coming(self) -> Trial:
        """The coming release in the same surroundings."""
        return replace(
            self.former,
            declared=self.declared,
            programs=self.programs,
            ports=(free_port(), free_port()),
            service=None,
            migration=None,
        )

    def _start(self, trial: Trial) -> None:
        steps.start_service(trial)
        steps.become_ready(trial)
        self.balancer.register(trial.ports[0], trial.declared.scheme)

    def _end(self, trial: Trial) -> None:
        """What ECS does with a task that goes: drained first, then asked to end."""
        if not self.balancer.drain(trial.ports[0]):
            raise StepError("requests on their way to a drained task did not come back")
        assert trial.service is not None  # noqa: S101  started before it is ended
        status = trial.service.stop()
        if status != 0:
            raise StepError(f"a drained task ended with {status} on SIGTERM")
        self._expect_no_failure()

    def _use(self, trial: Trial) -> None:
        """One of each kind of request to one release."""
        browser = replace(trial.browser(), cookies=dict(self.former.member.cookies))
        try:
            made = expect(browser.send_json("POST", "/api/things", {"title": "Used", "body": "once"}), 201).json()
            path = f"/api/things/{made['id']}"
            expect(browser.send_json("PUT", path, {"title": "Used", "body": "twice", "status": "done"}), 200)
            expect(browser.send("GET", "/api/things?search=used"), 200)
            expect(browser.send("POST", f"{path}/attachments?name=used.txt", b"used", "text/plain"), 201)
            expect(browser.send("GET", self.content), 307)
            expect(browser.send("DELETE", path), 204)
        except StepError as error:
            raise StepError(f"{error}{_last_problem(trial)}") from None

    def _phase(self, phase: str) -> None:
        _traffic(self).phase = phase

    def _calm(self) -> int:
        """Let the traffic run for a while; how many requests came and went without a failure."""
        traffic = _traffic(self)
        before = traffic.sent
        time.sleep(CALM_SECONDS)
        self._expect_no_failure()
        return traffic.sent - before

    def _expect_no_failure(self) -> None:
        traffic = _traffic(self)
        failures = list(dict.fromkeys(traffic.failures))
        if failures:
            problem = _last_problem(self.former) or (_last_problem(self.coming) if self.coming else "")
            raise StepError(
                f"{len(traffic.failures)} of {traffic.sent} requests failed: {'; '.join(failures[:SHOWN])}{problem}"
            )


def _last_problem(trial: Trial) -> str:
    """The last error in a release's log, where there is one."""
    for line in reversed(trial.service.lines if trial.service else []):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("error"):
            place = "".join(f" at {one}" for one in (entry.get("trace") or ())[-1:])
            return f" ({entry['error']}{place})"
    return ""


def _coming(change: Change) -> Trial:
    assert change.coming is not None  # noqa: S101  fill_tables comes first
    return change.coming


def _traffic(change: Change) -> Traffic:
    assert change.traffic is not None  # noqa: S101  begin_traffic comes first
    return change.traffic
