"""A whole stack brought back to the same moment, and back again: the copy takes the place of what serves.

What AWS does in a switch stands in for here: another server answers under the database's name, and the owner's secret
has its password. How long RDS takes for that, and that it keeps what is declared, only AWS can show.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rehearsal.service.logins import logged_in
from rehearsal.service.restoring import Restoring, expect_files, sums
from rehearsal.service.steps import MIGRATE_TIMEOUT_SECONDS, READY_TIMEOUT_SECONDS, Action, rotate, start_service
from rehearsal.service.surroundings import Owner
from rehearsal.service.tasks import begin, finish
from rehearsal.service.trial import StepError, Trial, expect, until

ROTATIONS = 2  # as operations/restore/service.py


@dataclass
class WholeStack:
    """One customer's restore, and then the whole stack's, to the same moment and from the same copy."""

    one: Restoring = field(default_factory=Restoring)
    now: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    stopped: datetime = datetime.min

    def steps(self) -> tuple[tuple[str, Action], ...]:
        """To be taken while the service runs and both customers' members can log in."""
        return (
            *self.one.steps(),
            ("restore stack: every file as the copy names it", self.bring_files),
            ("restore stack: the copy serves", self.switch),
            ("restore stack: files without a row are marked", self.settle),
            ("restore stack: both customers compared", self.compare),
            ("restore stack: back, and compared", self.go_back),
        )

    def bring_files(self, trial: Trial) -> str:
        """While the service goes on, and nothing that the rows of now name goes."""
        for name, _ in trial.members[:2]:
            self.now[name] = sums(trial, name)
        result = self.one.run(trial, "files")
        for name, found in self.now.items():
            expect_files(trial, name, found, others=True)
        return f"{result['files']} files, {result['again']} brought again; the service goes on"

    def switch(self, trial: Trial) -> str:
        """Stopped, another server under the name, two rotations, started."""
        if self.one.copied is None:
            raise StepError("there is no copy")
        self._serve_from(trial, self.one.copied)
        return f"stopped, {ROTATIONS} rotations, ready again"

    def settle(self, trial: Trial) -> str:
        """Under the role for it, by the rows of what serves now."""
        result = self._settled(trial)
        return f"{result['again']} brought again, {result['marked']} marked"

    def compare(self, trial: Trial) -> str:
        """Both as they were at the moment, by sums and through the service; nothing later, and nobody erased."""
        (acme, subject), (globex, other), *_ = trial.members
        for name, wanted in ((acme, self.one.before), (globex, self.one.neighbour_before)):
            self._expect_equal(trial, name, wanted)
        ada, grace = logged_in(trial, subject), logged_in(trial, other)
        expect(ada.send("GET", trial.thing_path), 200)
        expect(grace.send("GET", self.one.later_path), 404)
        for erased in (self.one.left_prefix, self.one.later_file):
            self._expect_no_file(trial, erased)
        if trial.ada is not None:
            expect(trial.ada.send("GET", "/api/me"), 401)
        rows = self.one.before["rows"] + self.one.neighbour_before["rows"]
        return f"{rows} rows of two customers equal; no later write, no erased customer, no session"

    def go_back(self, trial: Trial) -> str:
        """What served before has everything that it had, with the files that were marked."""
        assert trial.owner is not None  # noqa: S101  start_postgres comes first
        self._serve_from(trial, trial.owner)
        result = self._settled(trial)
        for name, wanted in self.now.items():
            self._expect_equal(trial, name, wanted)
        assert self.one.grace is not None  # noqa: S101  damage comes first
        expect(self.one.grace.send("GET", self.one.later_path), 200)
        return f"both as before the switch, {result['again']} files brought again"

    def _serve_from(self, trial: Trial, owner: Owner) -> None:
        """As `workbuoy restore switch`: nothing runs while the name leads elsewhere and passwords change."""
        if trial.service is None or trial.front is None or trial.service.stop() != 0:
            raise StepError("the service did not stop in good order")
        self.stopped = datetime.now(UTC)
        trial.front.lead_to((owner.host, owner.port))
        value = json.dumps({"username": owner.user, "password": owner.password})
        secret = trial.declared.owner_secret_arn
        trial.cloud.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=value)
        for _ in range(ROTATIONS):
            rotate(trial)
        migrate = trial.declared.migrate
        finish(begin(trial, migrate, migrate.arguments), "migrate", MIGRATE_TIMEOUT_SECONDS)
        start_service(trial)
        ready = "the service is not ready on what it was switched to"
        until(lambda: trial.status_of("/readyz") == 200, READY_TIMEOUT_SECONDS, ready, trial.service)

    def _settled(self, trial: Trial) -> Mapping[str, Any]:
        return self.one.run(trial, "files", "--switched", f"{self.stopped:%Y%m%dT%H%M%SZ}")

    def _expect_equal(self, trial: Trial, name: str, wanted: Mapping[str, Any]) -> None:
        found = sums(trial, name)
        if found["digest"] != wanted["digest"]:
            raise StepError(f"{name} has other rows than it must: {found['rows']}, not {wanted['rows']}")
        expect_files(trial, name, found)

    def _expect_no_file(self, trial: Trial, prefix: str) -> None:
        found = trial.cloud.client("s3").list_objects_v2(Bucket=trial.bucket, Prefix=prefix)
        if found.get("Contents"):
            raise StepError(f"{prefix} is there, which no row names")
