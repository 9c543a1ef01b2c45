"""Damage, and one customer brought back to the moment before it while the other goes on: real rows, files and tasks.

The past is Postgres's own: a base backup and the archive of its log. What RDS takes for the same is not in it.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from rehearsal.service.browser import Browser
from rehearsal.service.logins import logged_in
from rehearsal.service.processes import Process
from rehearsal.service.steps import Action
from rehearsal.service.surroundings import Owner, owner_of
from rehearsal.service.tasks import begin, ended, finish, run_as_owner, verdict
from rehearsal.service.tls import tls_front
from rehearsal.service.trial import StepError, Trial, expect, until

ROWS, FILES = 10_000, 200  # of each customer
TIMEOUT_SECONDS = 120
LEAVING = "leaving-customer"
REFUSED = 2  # what an entry point answers to a command that it does not let through
LATER = b"written after the damage"
BETWEEN_SECONDS = 0.05  # so that a moment lies between two writes


@dataclass
class Restoring:
    """The steps, and what one leaves to the next."""

    rows: int = ROWS
    files: int = FILES
    at: datetime = datetime.min
    before: Mapping[str, Any] = field(default_factory=dict)
    neighbour_before: Mapping[str, Any] = field(default_factory=dict)
    neighbour: Mapping[str, Any] = field(default_factory=dict)
    copied: Owner | None = None
    left_prefix: str = ""
    grace: Browser | None = None
    later_path: str = ""
    later_file: str = ""
    began_at: float = 0.0
    rpo_seconds: float = 0.0

    def steps(self) -> tuple[tuple[str, Action], ...]:
        """To be taken while the service runs and both customers' members can log in."""
        return (
            ("restore: two customers' rows and files", self.fill),
            ("restore: a base backup", self.back_up),
            ("restore: damage, leavers, a neighbour's later writes", self.damage),
            ("restore: the log is archived (RPO)", self.archive),
            ("restore: a copy at the moment, beside", self.copy),
            ("restore: what was erased is taken out of the copy", self.prepare),
            ("restore: the copy is checked", self.check),
            ("restore: one customer is brought back", self.bring_back),
            ("restore: rows and files compared (RTO)", self.compare),
        )

    def fill(self, trial: Trial) -> str:
        """Both customers get rows and files; a third one is there, and will leave."""
        run_as_owner(trial, ("tenant", "add", LEAVING), TIMEOUT_SECONDS)
        sizes = ("--rows", str(self.rows), "--files", str(self.files))
        filling = [_begin(trial, "fill", tenant, *sizes) for tenant, _ in trial.members[:2]]
        for process in filling:
            _filled(trial, process)
        return f"{self.rows} rows and {self.files} files each"

    def back_up(self, trial: Trial) -> str:
        """What RDS does once a day."""
        _point_in_time(trial, "backup")
        return "pg_basebackup, while the service runs"

    def damage(self, trial: Trial) -> str:
        """The moment, and then everything that must not be there afterwards, and what must."""
        (acme, _), (globex, subject), *_ = trial.members
        self.before, self.neighbour_before = sums(trial, acme), sums(trial, globex)
        time.sleep(BETWEEN_SECONDS)
        self.at = datetime.now(UTC)
        time.sleep(BETWEEN_SECONDS)
        damaged = _run(trial, "damage", acme)
        keys = sorted(self.before["files"])
        for key in keys[::3]:
            trial.cloud.call("s3", "delete_object", {"Bucket": trial.bucket, "Key": key}, trial.cloud.region)
        for key in keys[1::3]:
            put_file(trial, key, b"overwritten")
        _archive(trial, keys[2])
        run_as_owner(trial, ("tenant", "freeze", LEAVING), TIMEOUT_SECONDS)
        leaving = sums(trial, LEAVING)
        self.left_prefix = leaving["prefix"]
        remove = ("tenant", "remove", LEAVING, "--yes-remove", LEAVING, "--receipt", str(leaving["receipt"]))
        run_as_owner(trial, remove, TIMEOUT_SECONDS)
        self.grace = logged_in(trial, subject)
        made = expect(self.grace.send_json("POST", "/api/things", {"title": "Later"}), 201).json()
        assert trial.ada is not None  # noqa: S101  log_in comes first
        too_late = expect(trial.ada.send_json("POST", "/api/things", {"title": "Too late"}), 201).json()
        later = f"/api/things/{too_late['id']}/attachments?name=too-late.txt"
        expect(trial.ada.send("POST", later, LATER, "text/plain"), 201)
        path = f"/api/things/{made['id']}/attachments?name=later.txt"
        attached = expect(self.grace.send("POST", path, LATER, "text/plain"), 201).json()
        self.later_file = f"{self.neighbour_before['prefix']}{attached['id']}"
        self.later_path = f"/api/things/{made['id']}"
        self.neighbour = sums(trial, globex)
        dropped = _run(trial, "drop", acme)["dropped"]
        files = f"{len(keys[::3])} files deleted, {len(keys[1::3])} overwritten; the table {dropped} dropped"
        return f"{damaged['deleted']} rows of {acme} deleted, {damaged['overwritten']} overwritten; {files}"

    def archive(self, trial: Trial) -> str:
        """How much would be lost if the server were gone now: what is not archived yet."""
        began = time.monotonic()
        _point_in_time(trial, "archive")
        self.rpo_seconds = time.monotonic() - began
        return f"{self.rpo_seconds:.1f} s behind; RDS ships its log every 5 minutes"

    def copy(self, trial: Trial) -> str:
        """A second server, behind TLS of its own name, with a login that is filled into its secret."""
        self.began_at = time.monotonic()
        server = trial.surroundings.archived
        process = trial.surroundings.programs.begin_devtool(
            "point_in_time", "copy", server, "--at", self.at.isoformat()
        )
        trial.stack.callback(process.stop)
        until(lambda: bool(process.lines), TIMEOUT_SECONDS, "the copy did not start", process)
        try:
            self.copied = owner = owner_of(process.lines[0])
        except ValueError:
            raise StepError(f"the copy did not start: {process.lines[-1]}") from None
        folder = trial.folder / "copy"
        folder.mkdir()
        host = urlsplit(trial.declared.restore.environment["RESTORED_DATABASE_URL"]).hostname or ""
        trial.front_of_copy = trial.stack.enter_context(tls_front(folder, host, (owner.host, owner.port)))
        known = trial.folder / "authority.pem"
        known.write_bytes(known.read_bytes() + (folder / "authority.pem").read_bytes())
        value = json.dumps({"username": owner.user, "password": owner.password})
        secret = trial.declared.restore.environment["RESTORED_DATABASE_SECRET_ID"]
        trial.cloud.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=value)
        return f"as of {self.at:%H:%M:%S.%f} UTC; RDS takes about 20 minutes for its own"

    def prepare(self, trial: Trial) -> str:
        """A schedule replaces nothing, a copy that nobody prepared is refused; then the ledger is applied to it."""
        entry = trial.declared.drill.entry
        beyond = begin(trial, trial.declared.drill, (*entry, "restore", "tenant", trial.members[0][0]))
        if ended(beyond, "a drill's task", TIMEOUT_SECONDS) != REFUSED:
            raise StepError("a drill's task lets through a command that replaces a customer's rows")
        unprepared = self._begin(trial, "check", drill=True)
        if ended(unprepared, "restore check", TIMEOUT_SECONDS) == 0:
            raise StepError("a copy is read before what was erased is taken out of it")
        result = self.run(trial, "prepare", drill=True)
        if result["tenants_erased"] != 1:
            raise StepError(f"{result['tenants_erased']} removed customers were taken out of the copy instead of 1")
        return f"{result['entries']} entries of the ledger; 1 removed customer is gone from it, and every session"

    def check(self, trial: Trial) -> str:
        """Rows are counted, files looked for, and the service asked whether it is ready on it."""
        result = self.run(trial, "check", drill=True)
        names = {one["tenant"] for one in result["tenants"]}
        if names != {tenant for tenant, _ in trial.members}:
            raise StepError(f"the copy holds {', '.join(sorted(names))}")
        rows = sum(sum(one["rows"].values()) for one in result["tenants"])
        return f"{rows} rows, {sum(one['files'] for one in result['tenants'])} files, /readyz answers on it"

    def bring_back(self, trial: Trial) -> str:
        """The command, under the role that may."""
        (acme, _), *_ = trial.members
        trial.tried_whole.add(trial.declared.restore_role_arn)
        words = ("tenant", acme, "--at", f"{self.at:%Y%m%dT%H%M%SZ}")
        self._wait_for_archive(trial, *words)
        result = self.run(trial, *words)
        files, steps = result["files"], result["steps"]
        if result["made_again"] != ["attachment_chunks"]:
            raise StepError(f"{result['made_again']} were made again, and one table had been dropped")
        parts = ", ".join(f"{name} {step['seconds']:.1f} s" for name, step in steps.items() if step["seconds"])
        return (
            f"frozen {result['frozen_seconds']:.1f} s; {files['again']} files again, {files['marked']} marked; {parts}"
        )

    def compare(self, trial: Trial) -> str:
        """One as before the damage, the other with everything that it wrote since; both through the service too."""
        (acme, _), (globex, _), *_ = trial.members
        seconds = time.monotonic() - self.began_at
        after, neighbour = sums(trial, acme), sums(trial, globex)
        for name, found, wanted in ((acme, after, self.before), (globex, neighbour, self.neighbour)):
            if found["digest"] != wanted["digest"]:
                raise StepError(f"{name} has other rows than it must: {found['rows']}, not {wanted['rows']}")
            expect_files(trial, name, found)
        assert self.grace is not None and trial.ada is not None  # noqa: S101 PT018  damage and log_in come first
        expect(self.grace.send("GET", self.later_path), 200)
        expect(trial.ada.send_json("POST", "/api/things", {"title": "It goes on"}), 201)
        expect(trial.ada.send("GET", trial.thing_path), 200)
        equal = f"{after['rows']} rows and {len(after['files'])} files equal by sums"
        return f"{equal}; {seconds:.1f} s from the copy's beginning"

    def _wait_for_archive(self, trial: Trial, *words: str) -> None:
        """The first run only asks S3 for the file that lies in an archive; moto has it at once, S3 in hours."""
        asks = self._begin(trial, *words)
        status = ended(asks, "restore tenant", TIMEOUT_SECONDS)
        if status == 0 or "1 files lie in an archive (GLACIER)" not in asks.lines[-1]:
            raise StepError(f"an archived file was not waited for: {asks.lines[-1:]}")

    def run(self, trial: Trial, *arguments: str, drill: bool = False) -> Mapping[str, Any]:
        """A command of the restore's or the drill's task, under the role that may; gives its verdict."""
        process = self._begin(trial, *arguments, drill=drill)
        return verdict(process, f"restore {arguments[0]}", TIMEOUT_SECONDS)

    def _begin(self, trial: Trial, *arguments: str, drill: bool = False) -> Process:
        container = trial.declared.drill if drill else trial.declared.restore
        return begin(trial, container, ("restore", *arguments), trial.declared.restore_role_arn)


def fill_customer(trial: Trial, tenant: str, rows: int, files: int, large: int = 0) -> list[str]:
    """Rows, and files of their own, as the service would have stored them; gives their keys.

    `large` is how often the first one's content is repeated.
    """
    sizes = ("--rows", str(rows), "--files", str(files), "--large", str(large))
    return _filled(trial, _begin(trial, "fill", tenant, *sizes), large)


def _filled(trial: Trial, process: Process, large: int = 0) -> list[str]:
    keys: list[str] = verdict(process, "filling a customer", TIMEOUT_SECONDS)["keys"]
    for number, key in enumerate(keys):
        put_file(trial, key, content_of(key) * (1 if number else max(large, 1)))
    return keys


def content_of(key: str) -> bytes:
    """As app/workbuoy_app/devtools/restoring.py has it."""
    return f"{key}\n".encode() * 8


def _begin(trial: Trial, *arguments: str) -> Process:
    environment = trial.task_environment(trial.declared.administration)
    process = trial.surroundings.programs.begin_devtool("restoring", *arguments, environment=environment)
    trial.stack.callback(process.stop)
    return process


def _run(trial: Trial, *arguments: str) -> Mapping[str, Any]:
    return verdict(_begin(trial, *arguments), " ".join(arguments[:2]), TIMEOUT_SECONDS)


def sums(trial: Trial, tenant: str) -> Mapping[str, Any]:
    """What a customer's rows add up to, and the files that they name."""
    return _run(trial, "sums", tenant)


def put_file(trial: Trial, key: str, content: bytes) -> None:
    """Not through the gate: it is no part of what is tried."""
    trial.cloud.call("s3", "put_object", {"Bucket": trial.bucket, "Key": key, "Body": content}, trial.cloud.region)


def _archive(trial: Trial, key: str) -> None:
    """As a lifecycle rule does: the one version that there is lies where nobody can read it at once."""
    client, where = trial.cloud.client("s3"), {"Bucket": trial.bucket, "Key": key}
    content = client.get_object(**where)["Body"].read()
    for one in client.list_object_versions(Bucket=where["Bucket"], Prefix=key)["Versions"]:
        client.delete_object(**where, VersionId=one["VersionId"])
    client.put_object(**where, Body=content, StorageClass="GLACIER")


def expect_files(trial: Trial, name: str, sums: Mapping[str, Any], *, others: bool = False) -> None:
    """Every file that a row names is there with its content; without `others`, no other. Raises StepError."""
    client, bucket = trial.cloud.client("s3"), trial.bucket
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=sums["prefix"])
    found = {
        one["Key"]: hashlib.sha256(client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()).hexdigest()
        for page in pages
        for one in page.get("Contents", [])
    }
    if others:
        found = {key: found.get(key, "") for key in sums["files"]}
    if found != sums["files"]:
        wrong = sorted(key for key in {*found, *sums["files"]} if found.get(key) != sums["files"].get(key))
        raise StepError(f"{name} has {len(wrong)} files that are not what its rows say, such as {wrong[0]}")


def _point_in_time(trial: Trial, action: str) -> None:
    process = trial.surroundings.programs.begin_devtool("point_in_time", action, trial.surroundings.archived)
    trial.stack.callback(process.stop)
    finish(process, action, TIMEOUT_SECONDS)
