"""A database and its restored copy change names, so that address, alarms and program stay what they are; and back.

Which stands under which name says how far that is: nothing else is written down but tags of the one that serves no
longer. Every step may be repeated. Renaming keeps an instance's id, backups and data, and restarts it.
Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from graph.errors import InputError
from operations.ending import Notify
from operations.restore import instance_settings
from operations.restore.copy import (
    AT,
    EXPIRES,
    FIT,
    GOING,
    KEPT,
    TIMEOUT_SECONDS,
    WATCH_SECONDS,
    CopyError,
    find_instance,
    instance_of,
    tags_of,
)
from operations.restore.moment import RUN, run_name, shown
from operations.restore.places import SwitchPlace

SWITCHED = "workbuoy-restore-switched"
OURS = (AT, EXPIRES, FIT, SWITCHED, KEPT)
WAY_BACK = timedelta(days=7)
RENAMING = ("renaming",)
MODIFICATIONS = 3  # RDS may apply some of what is asked only with the next request


@dataclass(frozen=True, kw_only=True)
class ReplacedInstance:
    """The instance that served before: as of when it was replaced, since when, and until when it is kept."""

    name: str
    at: str
    switched: str
    kept_until: str


class Instances:
    """The instances of one stack's database by their names. Raises CopyError, InputError, botocore's ClientError."""

    def __init__(self, session: Any, place: SwitchPlace, notify: Notify) -> None:
        self._place, self._notify = place, notify
        self._rds = session.client("rds", region_name=place.region)

    def before(self) -> ReplacedInstance | None:
        """The one that served before, where one stands."""
        found = self._find(self._place.before)
        if found is None:
            return None
        tags = tags_of(found)
        if not all(tags.get(name) for name in (AT, SWITCHED, KEPT)):
            raise CopyError(f"{self._place.before} was not put aside by `workbuoy restore`, so it is left alone")
        return ReplacedInstance(name=self._place.before, at=tags[AT], switched=tags[SWITCHED], kept_until=tags[KEPT])

    def expect_switchable(self, at: datetime) -> None:
        """Raises InputError where neither a copy of this moment stands nor the switch to it has begun."""
        before, copy = self.before(), self._find(self._place.copy)
        if before is not None and before.at != run_name(at) and before.switched <= run_name(at):
            raise InputError(
                f"{self._place.before} stands, whose name this switch needs, until {before.kept_until}: then `workbuoy "
                f"restore switch {self._place.stack} --remove-old {self._place.before}`. Going back to it does not "
                f"help: it has nothing of what was written since {before.switched}. One customer can be brought back "
                "now: `workbuoy restore tenant`"
            )
        if before is not None and before.at != run_name(at):
            raise InputError(
                f"{self._place.database} is as of {before.at} already: go back first, `workbuoy restore switch "
                f"{self._place.stack} --at {before.at} --back`, since backups of the time before are {before.name}'s"
            )
        if copy is not None and tags_of(copy).get(AT) not in (None, run_name(at)):
            raise InputError(f"{self._place.copy} is as of {tags_of(copy)[AT]}, not of {run_name(at)}")
        if before is None and (copy is None or not all(tags_of(copy).get(name) for name in (AT, FIT))):
            fit = "no copy" if copy is None else f"{self._place.copy} is not found fit to serve"
            raise InputError(
                f"{fit}, as of {shown(at)}: `workbuoy restore stack {self._place.stack} --at {run_name(at)}` first"
            )

    def expect_way_back(self, *, stopped: bool) -> None:
        """Raises InputError where nothing was put aside, and where somebody else's copy has the name that is needed.

        While the service is `stopped` a switch or its way back is not at its end, whatever has which name.
        """
        place = self._place
        found = [self._find(name) for name in (place.database, place.before, place.copy)]
        if found[1] is None and not stopped:
            tags = tags_of(found[2]) if found[2] else {}
            at = "" if tags.get(FIT) else tags.get(AT)  # since when it serves no more
            ended = f"; where it has just ended, `workbuoy restore files {place.stack} --switched {at}`" if at else ""
            raise InputError(
                f"{place.before} does not stand, and {place.service} runs: there is nothing to go back to{ended}"
            )
        if all(one is not None and one["DBInstanceStatus"] not in RENAMING for one in found):
            raise InputError(
                f"{place.copy} stands, and {place.database} needs its name: let a drill or restore that works on it "
                f"end, or `workbuoy restore end {place.stack}`; nothing was changed"
            )

    def equip(self) -> None:
        """Make the copy like what serves: group, standby, backups, monitoring, protection, a password of RDS's own."""
        copy = self._find(self._place.copy)
        if copy is None or self.before() is not None:
            return  # it was, before the switch began
        model = self._rds.meta.service_model
        wanted = instance_settings.read(self._expect(self._place.database), model)
        for _ in range(MODIFICATIONS):
            parameters = instance_settings.modification(instance_settings.read(copy, model), wanted, model)
            if not parameters:
                break
            self._rds.modify_db_instance(DBInstanceIdentifier=self._place.copy, ApplyImmediately=True, **parameters)
            copy = self._settled(self._place.copy)
        if left := instance_settings.differing(instance_settings.read(copy, model), wanted):
            raise CopyError(f"{self._place.copy} still differs from {self._place.database} in {', '.join(left)}")

    def switch(self, at: datetime) -> None:
        """What serves is put aside and protected; the copy takes its name."""
        place = self._place
        serving = self._find(place.database)
        if self.before() is None and serving is not None and serving["DBInstanceStatus"] not in RENAMING:
            now = datetime.now(UTC)
            noted = {AT: run_name(at), SWITCHED: run_name(now), KEPT: run_name(now + WAY_BACK)}
            self._tag(serving, noted)
        if self.before() is None:
            self._rename(place.database, place.before, DeletionProtection=True)
        if self._find(place.copy) is not None:
            self._rename(place.copy, place.database)
        self._untag(self._settled(place.database))

    def switch_back(self) -> None:
        """The restored one is a copy again, and what was put aside serves; nothing where nothing was put aside."""
        place, before = self._place, self.before()
        if before is not None:
            if self._find(place.copy) is None:
                now = datetime.now(UTC)  # it was written to, so that it is no longer as of the moment of its copy
                self._tag(self._expect(place.database), {AT: run_name(now), EXPIRES: run_name(now + WAY_BACK)})
                self._rename(place.database, place.copy, DeletionProtection=False)
            self._rename(place.before, place.database)
        self._untag(self._settled(place.database))

    def resource_id(self) -> str:
        """RDS's own id of what serves, by which the stack's state knows it."""
        return str(self._expect(self._place.database)["DbiResourceId"])

    def remove_before(self) -> str:
        """Delete what was put aside, once its day has come, with a final snapshot; gives the snapshot's name."""
        found, now = self.before(), datetime.now(UTC)
        if found is None:
            raise InputError(f"{self._place.before} does not stand: nothing is left of the time before")
        until = datetime.strptime(found.kept_until, RUN).replace(tzinfo=UTC)
        if now < until:
            raise InputError(f"{found.name} is the way back until {shown(until)}: nothing was deleted")
        snapshot = f"{found.name}-{found.switched.lower()}"  # the same, said again
        if self._expect(found.name)["DBInstanceStatus"] != "deleting":
            self._rds.modify_db_instance(
                DBInstanceIdentifier=found.name, DeletionProtection=False, ApplyImmediately=True
            )
            self._settled(found.name)
            self._rds.delete_db_instance(
                DBInstanceIdentifier=found.name,
                SkipFinalSnapshot=False,
                FinalDBSnapshotIdentifier=snapshot,
                DeleteAutomatedBackups=False,
            )
        return snapshot

    def _rename(self, old: str, new: str, **also: Any) -> None:
        """Once; where RDS is about it already, wait for its end."""
        found = self._find(old)
        if found is not None and found["DBInstanceStatus"] not in RENAMING:
            self._notify(f"  {old} becomes {new}")
            self._rds.modify_db_instance(
                DBInstanceIdentifier=old, NewDBInstanceIdentifier=new, ApplyImmediately=True, **also
            )
        self._settled(new)

    def _settled(self, name: str) -> Mapping[str, Any]:
        """Once it is available and nothing of it is pending; a name that is new comes into use meanwhile."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            found = self._find(name)
            status = found["DBInstanceStatus"] if found else ""
            if found and status == "available" and not found.get("PendingModifiedValues"):
                return found
            if status and status not in (*GOING, *RENAMING, "available"):
                raise CopyError(f"{name} is {status}: look at its events in RDS, then the same command again")
            if time.monotonic() > deadline:
                raise CopyError(f"{name} is {status or 'not there'} for too long: look at its events in RDS")
            time.sleep(WATCH_SECONDS)

    def _tag(self, found: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._rds.add_tags_to_resource(ResourceName=found["DBInstanceArn"], Tags=listed)

    def _untag(self, found: Mapping[str, Any]) -> None:
        """What serves has the tags that are declared, and no others."""
        if own_tags := [name for name in OURS if name in tags_of(found)]:
            self._rds.remove_tags_from_resource(ResourceName=found["DBInstanceArn"], TagKeys=own_tags)

    def _expect(self, name: str) -> Mapping[str, Any]:
        return instance_of(self._rds, name)

    def _find(self, name: str) -> Mapping[str, Any] | None:
        return find_instance(self._rds, name)
