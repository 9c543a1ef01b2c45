"""A copy of a database at a moment, beside it and outside the program: made, given a login, and deleted again.

Never by an update of the instance that serves: whoever restores by an input of the program has it replaced when the
input goes (hashicorp/terraform-provider-aws#34522). Every step may be repeated, and finds what the one before left.
"""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from graph.errors import InputError
from operations.aws import find
from operations.ending import Notify
from operations.restore.moment import RUN, Window, run_name, shown
from operations.restore.places import RestorePlace

AT, EXPIRES, KEPT = "workbuoy-restore-at", "workbuoy-restore-expires", "workbuoy-restore-kept-until"
FIT = "workbuoy-restore-fit"  # since when a copy is checked and its files are there; empty while somebody works on it
LIVES = timedelta(days=1)
DRILL_LIVES = timedelta(hours=12)  # one that was left is past its day when the next night's drill begins
WATCH_SECONDS = 15.0
TIMEOUT_SECONDS = 4 * 3600.0
GOING = ("creating", "backing-up", "modifying", "resetting-master-credentials", "rebooting", "configuring", "upgrading")


class CopyError(Exception):
    """The copy cannot be made or used; says in one line what to do."""


class Copy:
    """The copy of one stack's database."""

    def __init__(self, session: Any, place: RestorePlace, notify: Notify) -> None:
        self._place, self._notify = place, notify
        self._rds = session.client("rds", region_name=place.tasks.region)
        self._secrets = session.client("secretsmanager", region_name=place.tasks.region)

    def window(self) -> Window:
        """What the database can go back to. Raises CopyError where it keeps no backups."""
        found = self._source()
        newest = found.get("LatestRestorableTime")
        if not newest or not found.get("BackupRetentionPeriod"):
            raise CopyError(f"{self._place.database} keeps no backups that reach back: see `workbuoy locate`")
        newest = newest.astimezone(UTC).replace(microsecond=0)
        kept = newest - timedelta(days=found["BackupRetentionPeriod"])
        made = found["InstanceCreateTime"].astimezone(UTC)
        return Window(oldest=max(kept, made), newest=newest)

    def make(self, at: datetime, lives: timedelta = LIVES) -> None:
        """Begin one, or find the one of this moment. Raises InputError for one of another moment."""
        found = self._not_deleting()
        if found is not None:
            self._expect_own(found, at)
            if tags_of(found).get(FIT):
                self._tag(found, FIT, "")
            self._notify(f"{self._place.copy} stands already, as of {shown(at)}")
            return
        source = self._source()
        tags = {one["Key"]: one["Value"] for one in source.get("TagList", []) if not one["Key"].startswith("aws:")}
        tags |= {AT: run_name(at), EXPIRES: run_name(datetime.now(UTC) + lives)}
        self._rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier=self._place.database,
            TargetDBInstanceIdentifier=self._place.copy,
            RestoreTime=at,
            DBInstanceClass=source["DBInstanceClass"],
            DBSubnetGroupName=source["DBSubnetGroup"]["DBSubnetGroupName"],
            DBParameterGroupName=source["DBParameterGroups"][0]["DBParameterGroupName"],
            VpcSecurityGroupIds=[self._place.copy_security_group_id],
            MultiAZ=False,
            PubliclyAccessible=False,
            AutoMinorVersionUpgrade=False,
            DeletionProtection=False,
            CopyTagsToSnapshot=True,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        self._notify(f"{self._place.copy} is being made, as of {shown(at)}; RDS takes some twenty minutes")

    def wait(self) -> None:
        """Until it can be connected to. Raises CopyError where it never will."""
        seen, deadline = "", time.monotonic() + TIMEOUT_SECONDS
        while True:
            found = find_instance(self._rds, self._place.copy)
            if found is None:
                raise CopyError(f"{self._place.copy} is gone: begin again")
            status = found["DBInstanceStatus"]
            if status != seen:
                seen = status
                self._notify(f"  {status}")
            if status == "available" and not found.get("PendingModifiedValues"):
                return
            if status not in (*GOING, "available") or time.monotonic() > deadline:
                raise CopyError(f"{self._place.copy} is {status}: look at its events, then `{self._end}`")
            time.sleep(WATCH_SECONDS)

    def give_login(self) -> None:
        """A password that nobody else has, into the one secret that restore tasks read. Again gives another one."""
        password = secrets.token_urlsafe(30)
        found = find_instance(self._rds, self._place.copy)
        if found is None:
            raise CopyError(f"{self._place.copy} is gone: begin again")
        self._rds.modify_db_instance(
            DBInstanceIdentifier=self._place.copy, MasterUserPassword=password, ApplyImmediately=True
        )
        value = json.dumps({"username": found["MasterUsername"], "password": password})
        self._secrets.put_secret_value(SecretId=self._place.login_secret_arn, SecretString=value)

    def note_fit(self) -> None:
        """Write on it that it may serve: `workbuoy restore switch` takes no other. Raises CopyError."""
        found = find_instance(self._rds, self._place.copy)
        if found is None:
            raise CopyError(f"{self._place.copy} is gone: begin again")
        self._tag(found, FIT, run_name(datetime.now(UTC)))

    def outlived(self) -> bool:
        """Whether one stands whose day is over."""
        found = find_instance(self._rds, self._place.copy)
        return found is not None and AT in tags_of(found) and not lives_until(found, datetime.now(UTC))

    def delete(self) -> bool:
        """Delete it, without a snapshot, and nothing else; False where there was none. Raises CopyError."""
        found = find_instance(self._rds, self._place.copy)
        if found is None:
            return False
        if AT not in tags_of(found):
            raise CopyError(f"{self._place.copy} was not made by `workbuoy restore`, so it is left alone")
        if found["DBInstanceStatus"] != "deleting":
            self._rds.delete_db_instance(
                DBInstanceIdentifier=self._place.copy, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
            )
        return True

    @property
    def _end(self) -> str:
        return f"workbuoy restore end {self._place.tasks.stack}"

    def _not_deleting(self) -> Mapping[str, Any] | None:
        """The copy, once one that is being deleted has gone. Raises CopyError where it does not go."""
        deadline, told = time.monotonic() + TIMEOUT_SECONDS, False
        while (found := find_instance(self._rds, self._place.copy)) and found["DBInstanceStatus"] == "deleting":
            if time.monotonic() > deadline:
                raise CopyError(f"{self._place.copy} is being deleted for too long: look at its events in RDS")
            if not told:
                self._notify(f"{self._place.copy} is being deleted: waiting for its end")
            told = True
            time.sleep(WATCH_SECONDS)
        return found

    def _tag(self, found: Mapping[str, Any], key: str, value: str) -> None:
        self._rds.add_tags_to_resource(ResourceName=found["DBInstanceArn"], Tags=[{"Key": key, "Value": value}])

    def _expect_own(self, found: Mapping[str, Any], at: datetime) -> None:
        other = tags_of(found).get(AT)
        if other != run_name(at):
            of = f"as of {other}: somebody restores, and --at {other} goes on with it" if other else "made by hand"
            raise InputError(f"another copy stands, {of}. When it is no longer needed: {self._end}")

    def _source(self) -> Mapping[str, Any]:
        return instance_of(self._rds, self._place.database)


def find_instance(rds: Any, name: str) -> Mapping[str, Any] | None:
    """A database instance as RDS describes it, if there is one."""
    answer = find(rds.describe_db_instances, "DBInstanceNotFound", DBInstanceIdentifier=name)
    return answer["DBInstances"][0] if answer else None


def instance_of(rds: Any, name: str) -> Mapping[str, Any]:
    """The same. Raises CopyError where there is none."""
    found = find_instance(rds, name)
    if found is None:
        raise CopyError(f"there is no database {name} in {rds.meta.region_name}")
    return found


def lives_until(found: Mapping[str, Any], now: datetime) -> str:
    """Until when a copy, or what served before one, may stand, by its tag; empty where that is over or not said."""
    tags = tags_of(found)
    until = tags.get(KEPT) or tags.get(EXPIRES, "")
    try:
        return until if datetime.strptime(until, RUN).replace(tzinfo=UTC) > now else ""
    except ValueError:
        return ""


def tags_of(found: Mapping[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in found.get("TagList", [])}
