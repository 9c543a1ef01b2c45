"""Whether a role may make calls, by the policies that stand in moto: recorded calls, or ones that must be refused."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from facts.permissions.actions import takes_condition
from facts.permissions.evaluate import Decision, Held, Policies, Principal, Request, decide
from facts.permissions.patterns import Context
from rehearsal.permissions.estate import MotoAccount
from rehearsal.permissions.needed import Without, without_each_action
from rehearsal.permissions.request import RequestedAction
from tests.bootstrap.calls import Call, requested_by

_MADE = ("/new", ":new", "-new")  # what a call makes has no policy of its own yet
_WITH_POLICIES = ("arn:aws:kms:", "arn:aws:s3:", "arn:aws:secretsmanager:")
_BOUNDARY_KEY = "iam:PermissionsBoundary"
_BOUNDARY_OF_REQUEST = ("iam:CreateRole", "iam:PutRolePermissionsBoundary")


@contextmanager
def recorded(moto: Any) -> Iterator[list[Call]]:
    """Every call to a running moto (`rehearsal.cloud.Moto`) by clouds made while the context lasts, in order."""
    calls: list[Call] = []
    clients: dict[str, dict[tuple[str, str], Any]] = {}
    stock, stock_of = moto.client, moto.clients_of

    def client(service: str, region: str) -> Any:
        made = stock(service, region)

        def note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
            calls.append(Call(service=service, operation=model.name, region=region, params=dict(params)))

        made.meta.events.register("before-parameter-build", note)
        return made

    # An account's clouds share clients, and those made before note nothing.
    moto.client, moto.clients_of = client, lambda account: clients.setdefault(account, {})
    try:
        yield calls
    finally:
        moto.client, moto.clients_of = stock, stock_of


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One thing asked for, where, and the verdict."""

    requested: RequestedAction
    region: str
    decision: Decision

    def __str__(self) -> str:
        return f"{self.requested.action} on {self.requested.resource} in {self.region}: {self.decision.reason}"


@dataclass
class Proof:
    """One role of an account in moto; its own policies are read once, resources' policies once each.

    Args:
        cloud: the account (`rehearsal.cloud.Cloud`).
        role_arn: the role in question.
        own: the role's policies and boundary, to ask what others would allow; read from moto where none are given.
    """

    cloud: Any
    role_arn: str
    own: Policies | None = None
    _on: dict[str, list[Held]] = field(default_factory=dict)
    _contexts: dict[str, Context] = field(default_factory=dict)

    def judge_calls(self, calls: Sequence[Call]) -> list[Judged]:
        """Everything that the calls ask for, each once. Raises UnmappedCallError."""
        found: dict[tuple[str, str, str, str], Judged] = {}
        for call in calls:
            for requested in requested_by(call, self.cloud.account):
                key = (requested.action, requested.resource, call.region, str(sorted(requested.context.items())))
                if key not in found:
                    found[key] = self.judge(requested, call.region)
        return list(found.values())

    def policies(self) -> Policies:
        """The role's own policies and its boundary."""
        if self.own is None:
            self.own = MotoAccount(self.cloud).policies_for(self._principal(), "")
        return self.own

    def judge(self, requested: RequestedAction, region: str) -> Judged:
        """The verdict on one thing asked for."""
        decision = decide(self.request(requested, region), self._policies(requested.resource))
        return Judged(requested=requested, region=region, decision=decision)

    def without_each_action(self, judged: Sequence[Judged]) -> list[Without]:
        """What is missed without each single action of the role's statements, of what was allowed."""
        requests = [self.request(one.requested, one.region) for one in judged if one.decision.allowed]
        identity = self.policies().identity
        return list(without_each_action(requests, identity, lambda request: self._policies(request.resource)))

    def request(self, requested: RequestedAction, region: str) -> Request:
        """One thing asked for with every condition key that is known of it."""
        account = str(self.cloud.account)
        named = requested.resource.split(":")
        principal = self._principal()
        context = {
            "aws:requestedregion": (region,),
            "aws:securetransport": ("true",),
            "aws:principalarn": (self.role_arn,),
            "aws:principalaccount": (account,),
            **self._of_resource(requested),
            **requested.context,
        }
        return Request(
            principal=principal,
            action=requested.action,
            resource=requested.resource,
            resource_account=(named[4] if len(named) > 4 and named[4] != "aws" else "") or account,
            context=context,
        )

    def _principal(self) -> Principal:
        account, name = str(self.cloud.account), self.role_arn.rpartition("/")[2]
        return Principal(
            arn=f"arn:aws:sts::{account}:assumed-role/{name}/proof", role_arn=self.role_arn, account=account
        )

    def _policies(self, resource: str) -> Policies:
        own = self.policies()
        if resource.endswith(_MADE) or not resource.startswith(_WITH_POLICIES):
            return own
        if resource not in self._on:
            self._on[resource] = MotoAccount(self.cloud).policies_on(resource)
        return replace(own, resource=self._on[resource], resource_decides=":key/" in resource)

    def _of_resource(self, requested: RequestedAction) -> Context:
        """Condition keys that the resource itself decides: tags of a key or a workspace, a role's boundary."""
        if requested.resource not in self._contexts:
            self._contexts[requested.resource] = self._read_context(requested.resource)
        context = self._contexts[requested.resource]
        # AWS's reference says which actions of IAM tell a role's boundary; these two tell the one that is asked for.
        if not requested.action.startswith("iam:"):
            return context
        in_reference = requested.action not in _BOUNDARY_OF_REQUEST and takes_condition(requested.action, _BOUNDARY_KEY)
        return context if in_reference else {}

    def _read_context(self, resource: str) -> Context:
        if ":key/" in resource and not resource.endswith(_MADE):
            kms = self.cloud.client("kms", resource.split(":")[3])
            try:
                tags = kms.list_resource_tags(KeyId=resource)["Tags"]
            except kms.exceptions.NotFoundException:
                return {}
            names = [one["AliasName"] for one in kms.list_aliases(KeyId=resource)["Aliases"]]
            own: Context = {f"aws:resourcetag/{tag['TagKey']}".lower(): (tag["TagValue"],) for tag in tags}
            return {**own, **({"kms:resourcealiases": tuple(names)} if names else {})}
        if ":workspace/" in resource:
            amp = self.cloud.client("amp", resource.split(":")[3])
            given = amp.list_tags_for_resource(resourceArn=resource)["tags"]
            return {f"aws:resourcetag/{key}".lower(): (value,) for key, value in given.items()}
        if ":role/" in resource:
            iam = self.cloud.client("iam")
            try:
                boundary = iam.get_role(RoleName=resource.rpartition("/")[2])["Role"].get("PermissionsBoundary")
            except iam.exceptions.NoSuchEntityException:
                return {}
            return {"iam:permissionsboundary": (boundary["PermissionsBoundaryArn"],)} if boundary else {}
        return {}
