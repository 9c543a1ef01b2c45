"""A pool customer and a silo move to another base stack and back; the places that they left are emptied and counted.

Every step runs as the task that a person would start, under that task's own role.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from rehearsal.service.leaving import begun_on_duty, exporting, on_duty
from rehearsal.service.logins import logged_in, refused_login
from rehearsal.service.processes import Process
from rehearsal.service.restoring import content_of, fill_customer
from rehearsal.service.steps import Action
from rehearsal.service.tasks import found_tenant, verdict
from rehearsal.service.trial import StepError, Trial, expect
from rehearsal.tenants.moving.traffic import FROZEN, Worker, listed

ROWS, FILES = 200, 8
TIMEOUT_SECONDS = 120
RECEIVE_SECONDS = 100
"""How long a receiver waits; a cut-over that ends badly ends it too."""


@dataclass
class Moving:
    """One customer between two places, and whoever works there meanwhile."""

    name: str
    source: Trial
    target: Trial
    keys: list[str] = field(default_factory=list)
    tenant_id: str = ""
    things: frozenset[str] = frozenset()
    worker: Worker | None = None

    @property
    def subject(self) -> str:
        """Of the member at the identity provider."""
        return f"member-of-{self.name}"

    @property
    def at_work(self) -> Worker:
        """`found` comes first."""
        assert self.worker is not None  # noqa: S101
        return self.worker

    def found(self) -> str:
        """The customer with a member, rows and files in its first place."""
        found_tenant(self.source, self.name, self.subject)
        self.keys = fill_customer(self.source, self.name, ROWS, FILES)
        browser = logged_in(self.source, self.subject)
        self.tenant_id = str(expect(browser.send("GET", "/api/me"), 200).json()["tenant_id"])
        self.things = frozenset(listed(browser))
        self.worker = Worker(self.subject, browser)
        return f"{self.name} in {self.source.declared.stack}"

    def move(self, source: Trial, target: Trial) -> str:
        """Copied while somebody works, cut over, and served in the new place alone."""
        worker, before = self.at_work, self.at_work.browser
        worker.begin()
        try:
            on_duty(source, "send", self.name, *_other(target, self.name))
            receiver = begun_on_duty(
                target, "receive", self.name, *_other(source, self.name), "--wait", str(RECEIVE_SECONDS)
            )
            result = self._cut_over(source, target, receiver)
            expect(before.send_json("POST", "/api/things", {"title": "Too late"}), FROZEN)
            worker.go_to(target)
        finally:
            worker.end()
        return f"{self.name} to {target.declared.stack}, frozen {result['frozen_seconds']:.1f} s"

    def _cut_over(self, source: Trial, target: Trial, receiver: Process) -> Mapping[str, Any]:
        try:
            result = on_duty(source, "cut-over", self.name, *_other(target, self.name), "--within", "30")
            received = verdict(receiver, "tenant receive", TIMEOUT_SECONDS)
        except StepError:
            receiver.stop()
            raise
        if received["opened"] is not True:
            raise StepError(f"{self.name} was handed over and is not served in {target.declared.stack}")
        return result

    def compare(self, left: Trial, serving: Trial) -> str:
        """What its people were told is stored is there once, and every file is what it was in the place left."""
        stored = self.at_work.expect_all(self.things)
        here, there = self._files(left), self._files(serving)
        if here != there or not {*self.keys} <= {*there}:
            wrong = sorted(key for key in {*here, *there, *self.keys} if here.get(key) != there.get(key))
            raise StepError(f"{self.name} has {len(wrong)} files that differ, such as {wrong[:1]}")
        for key in self.keys:
            if there[key] != hashlib.sha256(content_of(key)).hexdigest():
                raise StepError(f"{key} is not what its row says")
        return f"{self.name}: {stored}, {len(there)} files alike"

    def leave(self, left: Trial, serving: Trial) -> str:
        """The place left is compared, counted, emptied against what was compared, and counted again."""
        digest = on_duty(left, "compare-move", self.name, *_other(serving, self.name))["digest"]
        before = exporting(left, "count", self.name)
        if not _left(before):
            raise StepError(f"{self.name}: a removal that did nothing would pass, since nothing is counted before it")
        on_duty(left, "remove", self.name, "--yes-remove", self.name, "--receipt", str(digest))
        after = exporting(left, "count", self.name, "--id", self.tenant_id)
        if still := _left(after):
            raise StepError(f"{self.name} was removed from {left.declared.stack}, and is still there: {still}")
        on_duty(serving, "end-move", self.name, *_other(left, self.name))
        refused_login(left, self.subject)
        self.at_work.expect_all(self.things)
        rows = sum(before["rows"].values())
        return f"{rows} rows and {before['objects']} objects of {self.name} in {left.declared.stack}"

    def _files(self, trial: Trial) -> dict[str, str]:
        client, bucket = trial.cloud.client("s3"), trial.bucket
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"tenants/{self.tenant_id}/")
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        bodies = ((key, client.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys)
        return {key: hashlib.sha256(body).hexdigest() for key, body in bodies}


@dataclass
class Story:
    """All customers at once, step by step."""

    moving: Sequence[Moving]

    def steps(self) -> tuple[tuple[str, Action], ...]:
        """In their order; none needs the trial that it is given."""
        return (
            ("move: customers with rows and files", lambda _: self._each(Moving.found)),
            ("move: to the other base, under traffic", lambda _: self._each(lambda one: one.move(*_there(one)))),
            ("move: nothing lost, nothing twice", lambda _: self._each(lambda one: one.compare(*_there(one)))),
            ("move: and back, under traffic", lambda _: self._each(lambda one: one.move(*_back(one)))),
            ("move: again nothing lost or twice", lambda _: self._each(lambda one: one.compare(*_back(one)))),
            ("move: removed where they were, and counted", lambda _: self._each(lambda one: one.leave(*_back(one)))),
        )

    def _each(self, step: Callable[[Moving], str]) -> str:
        """All at once; the first failure is raised when every one has ended."""
        with ThreadPoolExecutor(max(len(self.moving), 1)) as pool:
            running = [pool.submit(step, one) for one in self.moving]
        return "; ".join(one.result() for one in running)


def _there(one: Moving) -> tuple[Trial, Trial]:
    return one.source, one.target


def _back(one: Moving) -> tuple[Trial, Trial]:
    return one.target, one.source


def _other(trial: Trial, name: str) -> tuple[str, ...]:
    """A place, as the image's commands take the other one."""
    return ("--other", f"s3://{trial.bucket}/imports/{name}/", "--other-region", trial.cloud.region)


def _left(counted: Mapping[str, Any]) -> dict[str, int]:
    rows = {name: int(count) for name, count in counted["rows"].items() if count}
    return rows | ({"objects": int(counted["objects"])} if counted["objects"] else {})
