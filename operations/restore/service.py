"""The service of a stack, stopped for as long as its database changes, and started again.

Not frozen customer by customer, as one customer's restore does: those freezes lie in the database that is damaged.
"""

import time
from collections.abc import Mapping
from typing import Any

from operations.ending import Notify
from operations.restore.copy import CopyError
from operations.restore.places import SwitchPlace

WATCH_SECONDS = 5.0
TIMEOUT_SECONDS = 15 * 60.0
ROTATIONS = 2  # two logins take turns, and the restored database has the passwords of its day for both
_SCALING = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


class Service:
    """ECS's service, its scaling and the rotation of its login. Raises botocore's ClientError, CopyError."""

    def __init__(self, session: Any, place: SwitchPlace, notify: Notify) -> None:
        self._place, self._notify = place, notify
        self._ecs = session.client("ecs", region_name=place.region)
        self._scaling = session.client("application-autoscaling", region_name=place.region)
        self._secrets = session.client("secretsmanager", region_name=place.region)

    def stop(self) -> None:
        """No task runs, and nothing starts one. Scaling is suspended, so that its numbers stay as they are declared.

        Source: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html
        """
        self._suspend(suspended=True)
        self._count(0)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while left := self._tasks():
            if time.monotonic() > deadline:
                raise CopyError(f"{self._place.service} still has {left} tasks: look at its events in ECS")
            time.sleep(WATCH_SECONDS)

    def start(self) -> None:
        """As many tasks as scaling has at least, which goes on from there; nothing where it was not stopped."""
        if self.stopped():
            self._count(self._target()["MinCapacity"])
            self._suspend(suspended=False)

    def stopped(self) -> bool:
        """Whether it was stopped, and not started since."""
        return any((self._target().get("SuspendedState") or {}).values())

    def wait(self) -> None:
        """Until as many tasks run as are wanted; their first container may refuse to let them."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            found = self._found()
            if found["runningCount"] >= found["desiredCount"] and not found["pendingCount"]:
                return
            if time.monotonic() > deadline:
                events = "; ".join(str(one["message"]) for one in found.get("events", ())[:1])
                raise CopyError(f"{self._place.service} has no tasks that stay ({events}): its log says why")
            time.sleep(WATCH_SECONDS)

    def rotate(self) -> None:
        """Give both of the service's logins a password that the restored database knows, too."""
        for number in range(1, ROTATIONS + 1):
            before = self._current()
            self._secrets.rotate_secret(SecretId=self._place.login_secret_arn, RotateImmediately=True)
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while self._current() == before:
                if time.monotonic() > deadline:
                    raise CopyError("the rotation of the service's login does not end: look at the function's log")
                time.sleep(WATCH_SECONDS)
            self._notify(f"  rotated {number} of {ROTATIONS}")

    def _tasks(self) -> int:
        found = self._found()
        return int(found["runningCount"]) + int(found["pendingCount"])

    def _found(self) -> Mapping[str, Any]:
        found = self._ecs.describe_services(cluster=self._place.cluster_arn, services=[self._place.service])["services"]
        if not found:
            raise CopyError(f"there is no service {self._place.service}")
        service: Mapping[str, Any] = found[0]
        return service

    def _count(self, tasks: int) -> None:
        self._ecs.update_service(cluster=self._place.cluster_arn, service=self._place.service, desiredCount=tasks)

    def _target(self) -> Mapping[str, Any]:
        found = self._scaling.describe_scalable_targets(**self._named(many=True))["ScalableTargets"]
        if not found:
            raise CopyError(f"{self._place.service} does not scale: `workbuoy drift {self._place.stack}`")
        target: Mapping[str, Any] = found[0]
        return target

    def _suspend(self, *, suspended: bool) -> None:
        self._target()  # to register one that is not there would make it
        state = dict.fromkeys(_SCALING, suspended)
        self._scaling.register_scalable_target(**self._named(), SuspendedState=state)

    def _named(self, *, many: bool = False) -> dict[str, Any]:
        resource = f"service/{self._place.cluster_arn.rpartition('/')[2]}/{self._place.service}"
        return {
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            **({"ResourceIds": [resource]} if many else {"ResourceId": resource}),
        }

    def _current(self) -> str:
        stages = self._secrets.describe_secret(SecretId=self._place.login_secret_arn).get("VersionIdsToStages", {})
        return next((version for version, labels in stages.items() if "AWSCURRENT" in labels), "")
