"""A customer of the pool leaves: exported, erased, and proved gone from database, bucket and a restored copy.

Every step runs as the task that a person would start, under that task's own role. S3's lifecycle, which moto does not
run, is played by the rule that stands in the bucket.
"""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from components.names import RESTORES_PREFIX
from rehearsal.permissions.request import RequestedAction
from rehearsal.service.one_person import OnePerson
from rehearsal.service.processes import Process
from rehearsal.service.restoring import (
    BETWEEN_SECONDS,
    LEAVING,
    TIMEOUT_SECONDS,
    Restoring,
    content_of,
    fill_customer,
    put_file,
)
from rehearsal.service.steps import Action
from rehearsal.service.tasks import begin, ended, run_as_owner, verdict
from rehearsal.service.trial import StepError, Trial, expect

ROWS, FILES = 2_000, 50
LARGE = 16_000  # times a file's content: more than a part of 8 MiB


@dataclass
class Leaving:
    """The steps, and what one leaves to the next."""

    rows: int = ROWS
    files: int = FILES
    copying: Restoring = field(default_factory=Restoring)
    keys: list[str] = field(default_factory=list)
    exported: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    neighbour: Mapping[str, Any] = field(default_factory=dict)
    person: OnePerson = field(default_factory=OnePerson)

    def steps(self) -> tuple[tuple[str, Action], ...]:
        """To be taken while the service runs."""
        return (
            ("leave: a customer's rows and files", self.fill),
            ("leave: a base backup", self.copying.back_up),
            ("leave: frozen and exported", self.export),
            ("leave: the export opened, by people alone", self.open),
            ("leave: one person of its neighbour exported", self.person.export),
            ("leave: counted before", self.count),
            ("leave: removed", self.remove),
            ("leave: counted after", self.count_again),
            ("leave: one person of its neighbour erased", self.person.erase),
            ("leave: older versions end", self.end_versions),
            ("leave: the log is archived", self.copying.archive),
            ("leave: a copy from before the removal", self.copying.copy),
            ("leave: gone from the restored copy", self.look_into_copy),
        )

    def fill(self, trial: Trial) -> str:
        """A customer that will leave, and one person of a neighbour that stays."""
        self.person.work(trial)
        run_as_owner(trial, ("tenant", "add", LEAVING), TIMEOUT_SECONDS)
        self.keys = fill_customer(trial, LEAVING, self.rows, self.files, LARGE)
        put_file(trial, f"{RESTORES_PREFIX}/{LEAVING}/kept", b"rows that a restore kept as the way back")
        return (
            f"{self.rows} rows and {self.files} files, the largest of {len(content_of(self.keys[0])) * LARGE >> 20} MiB"
        )

    def export(self, trial: Trial) -> str:
        """Writes are refused first, so that what is exported is what goes."""
        trial.tried_whole.add(trial.declared.export_role_arn)
        on_duty(trial, "freeze", LEAVING)
        self._break_off(trial)
        began = time.monotonic()
        self.exported = exporting(trial, "hand-over", LEAVING)
        seconds = time.monotonic() - began
        return f"{sum(self.exported['rows'].values())} rows and {self.exported['files']} files in {seconds:.1f} s"

    def _break_off(self, trial: Trial) -> None:
        """An export with a file that is not what its row says ends without a manifest, and takes its parts back."""
        put_file(trial, self.keys[-1], b"not what its row says")
        broken = _begun_exporting(trial, "hand-over", LEAVING)
        if ended(broken, "an export of a wrong file", TIMEOUT_SECONDS) == 0:
            raise StepError("a file that is not what its row says is handed over")
        put_file(trial, self.keys[-1], content_of(self.keys[-1]))

    def open(self, trial: Trial) -> str:
        """Whoever has a program for zip archives reads it all; the task that wrote it may not, nor the service."""
        bucket, _, key = str(self.exported["address"]).removeprefix("s3://").partition("/")
        for role in (trial.declared.export_role_arn, trial.declared.task_role_arn):
            _expect_refused(trial, role, bucket, key)
        s3 = trial.cloud.client("s3")
        manifest = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        rows, files = 0, 0
        for one in manifest["archives"]:
            body = s3.get_object(Bucket=bucket, Key=key.replace("manifest.json", one["name"]))["Body"].read()
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                for name in archive.namelist():
                    rows += archive.read(name).count(b"\n") if name.endswith(".jsonl") else 0
                    files += name.startswith("files/")
        if (rows, files) != (sum(self.exported["rows"].values()), self.files):
            raise StepError(f"the export holds {rows} rows and {files} files")
        return f"{rows} rows and {files} files; the roles of tasks read none of it"

    def count(self, trial: Trial) -> str:
        """By somebody else than who removes; what was exported must be what is there."""
        self.neighbour = exporting(trial, "count", trial.members[0][0])
        self.before = exporting(trial, "count", LEAVING)
        different = [name for name, rows in self.exported["rows"].items() if self.before["rows"][name] != rows]
        objects = self.files + 1  # and what a restore kept
        if different or self.before["objects"] != objects or self.before["digest"] != self.exported["digest"]:
            raise StepError(f"what is there is not what was exported: {', '.join(different) or 'files'}")
        return f"{sum(self.before['rows'].values())} rows, {self.before['objects']} objects"

    def remove(self, trial: Trial) -> str:
        """Against the digest of the export; a moment before it is what a restored copy will be of."""
        self.copying.at = datetime.now(UTC)
        time.sleep(BETWEEN_SECONDS)
        wrong = begun_on_duty(trial, "remove", LEAVING, "--yes-remove", LEAVING, "--receipt", "0" * 64)
        if ended(wrong, "a removal with another digest", TIMEOUT_SECONDS) == 0:
            raise StepError("a customer is removed against an export of something else")
        digest = str(self.exported["digest"])
        result = on_duty(trial, "remove", LEAVING, "--yes-remove", LEAVING, "--receipt", digest)
        return f"{result['objects_deleted']} objects, and every row"

    def count_again(self, trial: Trial) -> str:
        """Every table that says whose its rows are, whatever the removal knows of."""
        after = self._after(trial)
        left = {name: rows for name, rows in after["rows"].items() if rows}
        if left or after["objects"]:
            raise StepError(f"after the removal {left or ''} {after['objects']} objects are still there")
        neighbour = exporting(trial, "count", trial.members[0][0])
        if neighbour != self.neighbour:
            raise StepError(f"{neighbour['tenant']}'s rows and objects changed with it")
        return f"nothing; {after['older_versions']} older versions wait for the lifecycle; the neighbour has all"

    def end_versions(self, trial: Trial) -> str:
        """What S3 does by the bucket's own rule, once its days are over."""
        s3, bucket = trial.cloud.client("s3"), trial.bucket
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        days = [one["NoncurrentVersionExpiration"]["NoncurrentDays"] for one in rules if _ends_versions(one)]
        if not days:
            raise StepError("no rule ends older versions of the whole bucket: they would stay for ever")
        listing = s3.get_paginator("list_object_versions")
        for prefix in (f"tenants/{self.before['tenant_id']}/", f"{RESTORES_PREFIX}/{LEAVING}/"):
            for page in listing.paginate(Bucket=bucket, Prefix=prefix):
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
        after = self._after(trial)
        if after["older_versions"] or after["delete_markers"]:
            raise StepError(f"{after['older_versions']} older versions are still there")
        return f"after {min(days)} days, by the bucket's rule; counted: none"

    def look_into_copy(self, trial: Trial) -> str:
        """It had the customer, and nobody reads it before the erasure ledger was applied."""
        prepared = self.copying.run(trial, "prepare")
        erased, persons = prepared["tenants_erased"], prepared["persons_erased"]
        names = {one["tenant"] for one in self.copying.run(trial, "check")["tenants"]}
        if erased != 1 or LEAVING in names:
            raise StepError(f"the copy holds {', '.join(sorted(names))}; {erased} customers were taken out of it")
        if persons != 1:
            raise StepError(f"{persons} erased persons were taken out of the copy instead of 1")
        expect(trial.member.send("GET", trial.thing_path), 200)
        return "the ledger took it out, and the person; its neighbours are in it"

    def _after(self, trial: Trial) -> Mapping[str, Any]:
        return exporting(trial, "count", LEAVING, "--id", str(self.before["tenant_id"]))


def _ends_versions(rule: Mapping[str, Any]) -> bool:
    whole = not rule.get("Filter", {}).get("Prefix") and "And" not in rule.get("Filter", {})
    return rule["Status"] == "Enabled" and whole and "NoncurrentVersionExpiration" in rule


def _expect_refused(trial: Trial, role_arn: str, bucket: str, key: str) -> None:
    """By the role's own policy and the bucket's. Raises StepError."""
    asked = RequestedAction(action="s3:GetObject", resource=f"arn:aws:s3:::{bucket}/{key}")
    if not trial.gate.refuses(role_arn, asked):
        raise StepError(f"{role_arn.rpartition('/')[2]} reads exports")


def _begun_exporting(trial: Trial, action: str, *words: str) -> Process:
    return begin(trial, trial.declared.export, ("tenant", action, *words), trial.declared.export_role_arn)


def exporting(trial: Trial, action: str, *words: str) -> Mapping[str, Any]:
    """What a command says that reads and hands over, under the role for that. Raises StepError."""
    return verdict(_begun_exporting(trial, action, *words), f"tenant {action}", TIMEOUT_SECONDS)


def begun_on_duty(trial: Trial, action: str, *words: str) -> Process:
    """A command of one-off work, without the entry point, whose settings know no stand-in.

    Which commands the entry point lets through is tried by `enrol`.
    """
    return begin(trial, trial.declared.one_off, ("tenant", action, *words))


def on_duty(trial: Trial, action: str, *words: str) -> Mapping[str, Any]:
    """What such a command says at its end. Raises StepError."""
    return verdict(begun_on_duty(trial, action, *words), f"tenant {action}", TIMEOUT_SECONDS)
