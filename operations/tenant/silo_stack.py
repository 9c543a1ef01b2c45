"""A customer's own stack that is to be destroyed: what a destruction asks of it, and how the engine answers."""

import getpass
from dataclasses import dataclass
from typing import Any, Protocol

from graph import Graph
from graph.state import graph_of_state
from infra.tenants.record import Tenant
from operations.ending import notify
from operations.engine.account import who_am_i
from operations.engine.stack import EngineStack, open_stack
from operations.tenant.handover.places import find_place
from operations.tenant.handover.tasks import LeavingTasks, Tasks
from project.files import Project


class SiloStack(Protocol):
    """Where it stands decides how each is done; a destruction is the same everywhere."""

    def exists(self) -> bool:
        """Whether it is known; not once it was forgotten."""

    def graph(self) -> Graph:
        """What stands in it."""

    def base_graph(self) -> Graph:
        """What stands in its base stack."""

    def tasks(self) -> LeavingTasks:
        """The image's commands, run in it."""

    def client(self, service: str) -> Any:
        """Of a service of AWS in its region, for whoever destroys it."""

    def person(self) -> str:
        """Who destroys it, for the record."""

    def require_free(self) -> None:
        """Refuse while somebody else changes it."""

    def destroy(self) -> None:
        """Delete everything that its declaration lets go."""

    def forget(self) -> None:
        """Take the empty stack away."""


@dataclass(frozen=True)
class DeployedSilo:
    """A stack under the engine; raises EngineError, and ProblemsError for one without the outputs that it needs."""

    project: Project
    tenant: Tenant
    opened: EngineStack

    def exists(self) -> bool:
        return self.opened.exists()

    def graph(self) -> Graph:
        return graph_of_state(self.opened.export())

    def base_graph(self) -> Graph:
        return graph_of_state(open_stack(self.project, self.tenant.base, notify=notify).export())

    def tasks(self) -> LeavingTasks:
        import boto3  # a third of a second that help must not pay for

        tenant = self.tenant
        place = find_place(tenant.name, tenant.stack, tenant.region, lambda _: self.opened.outputs())
        return Tasks(boto3.Session(), place, notify)

    def client(self, service: str) -> Any:
        import boto3  # a third of a second that help must not pay for

        place = self.opened.place
        moto = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"} if place.endpoint_url else {}
        return boto3.client(service, region_name=place.region, endpoint_url=place.endpoint_url, **moto)

    def person(self) -> str:
        return person_of(self.opened)

    def require_free(self) -> None:
        self.opened.require_free()

    def destroy(self) -> None:
        self.opened.destroy(on_output=notify)

    def forget(self) -> None:
        self.opened.remove()


def person_of(opened: EngineStack) -> str:
    """Whoever is signed in to the account; on a moto server the user of this machine."""
    if opened.place.endpoint_url is not None:
        return getpass.getuser()
    return who_am_i(opened.name, opened.place.region, opened.variables)["Arn"]
