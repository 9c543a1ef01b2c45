"""Rights that were added beside the declared ones: policies on roles, grants of keys, callers of functions."""

import json
from collections.abc import Iterator
from typing import Final

from facts import tokens as t
from graph import Resource
from graph.values import items, maps
from operations.drift.account.undeclared import Look, Stack, Undeclared


def _attached(stack: Stack, role: Resource) -> Iterator[Undeclared]:
    declared = {str(one) for one in items(role.inputs.get("managedPolicyArns"))}
    attachments = stack.graph.referring(role, t.ROLE_ATTACHMENT, "role")
    declared |= {str(one.inputs.get("policyArn")) for one in attachments}
    for one in stack.account.items("iam", "", "list_attached_role_policies", "AttachedPolicies", RoleName=role.id):
        arn = one["PolicyArn"]
        if arn not in declared:
            undo = f"aws iam detach-role-policy --role-name {role.id} --policy-arn {arn}"
            name = f"{one['PolicyName']} on {role.name}"
            yield stack.undeclared(t.ROLE_ATTACHMENT, name, undo, role=role.id, policyArn=arn)


def _inline(stack: Stack, role: Resource) -> Iterator[Undeclared]:
    declared = {str(one.get("name")) for one in maps(role.inputs.get("inlinePolicies"))}
    for policy in stack.graph.referring(role, t.ROLE_POLICY, "role"):
        declared |= {str(policy.get("name")), policy.id.rpartition(":")[2]}
    for name in stack.account.items("iam", "", "list_role_policies", "PolicyNames", RoleName=role.id):
        if name not in declared:
            policy = stack.account.client("iam").get_role_policy(RoleName=role.id, PolicyName=name)["PolicyDocument"]
            undo = f"aws iam delete-role-policy --role-name {role.id} --policy-name {name}"
            document = policy if isinstance(policy, str) else json.dumps(policy)
            yield stack.undeclared(
                t.ROLE_POLICY, f"{name} on {role.name}", undo, role=role.id, name_=name, policy=document
            )


def _profiles(stack: Stack, role: Resource) -> Iterator[Undeclared]:
    """A machine that is started with a profile has the role's rights; a stack has no machines."""
    found = stack.account.items("iam", "", "list_instance_profiles_for_role", "InstanceProfiles", RoleName=role.id)
    for one in found:
        name = one["InstanceProfileName"]
        undo = f"aws iam remove-role-from-instance-profile --instance-profile-name {name} --role-name {role.id}"
        yield stack.undeclared("aws:iam/instanceProfile:InstanceProfile", f"{name} of {role.name}", undo, role=role.id)


def _grants(stack: Stack, key: Resource) -> Iterator[Undeclared]:
    """Grants but those that AWS's services make for their own use of a key."""
    region = stack.region(key)
    declared = {one.id.rpartition(":")[2] for one in stack.graph.of(t.KEY_GRANT)}
    for one in stack.account.items("kms", region, "list_grants", "Grants", KeyId=key.id):
        to = str(one.get("GranteePrincipal"))
        if one["GrantId"] not in declared and not to.endswith(".amazonaws.com"):
            undo = f"aws kms revoke-grant --region {region} --key-id {key.id} --grant-id {one['GrantId']}"
            name = f"{one['GrantId'][:8]} of {key.name}"
            operations = [str(operation) for operation in one.get("Operations") or ()]
            yield stack.undeclared(t.KEY_GRANT, name, undo, keyId=key.id, granteePrincipal=to, operations=operations)


def _callers(stack: Stack, function: Resource) -> Iterator[Undeclared]:
    region = stack.region(function)
    answer = stack.account.maybe("lambda", region, "get_policy", "ResourceNotFoundException", FunctionName=function.id)
    permissions = stack.graph.referring(function, t.FUNCTION_PERMISSION, "function")
    declared = {str(one.get("statementId") or one.id) for one in permissions}
    for statement in maps(json.loads(answer["Policy"])["Statement"]) if answer else ():
        sid = str(statement.get("Sid"))
        if sid not in declared:
            undo = f"aws lambda remove-permission --region {region} --function-name {function.id} --statement-id {sid}"
            principal = statement.get("Principal")
            to = principal if isinstance(principal, str) else next(iter((principal or {}).values()), None)
            yield stack.undeclared(
                t.FUNCTION_PERMISSION,
                f"{sid} of {function.name}",
                undo,
                function=function.id,
                principal=to,
                action=statement.get("Action"),
            )


def _url(stack: Stack, function: Resource) -> Iterator[Undeclared]:
    region = stack.region(function)
    if stack.graph.referring(function, t.FUNCTION_URL, "functionName"):
        return
    answer = stack.account.maybe(
        "lambda", region, "get_function_url_config", "ResourceNotFoundException", FunctionName=function.id
    )
    if answer:
        undo = f"aws lambda delete-function-url-config --region {region} --function-name {function.id}"
        how = answer.get("AuthType")
        yield stack.undeclared(
            t.FUNCTION_URL, f"address of {function.name}", undo, functionName=function.id, authorizationType=how
        )


RIGHTS: Final = (
    Look("policies attached to it", (t.ROLE,), _attached),
    Look("inline policies", (t.ROLE,), _inline),
    Look("instance profiles", (t.ROLE,), _profiles),
    Look("grants", (t.KEY, t.REPLICA_KEY), _grants),
    Look("who may call it", (t.FUNCTION,), _callers),
    Look("an address of its own", (t.FUNCTION,), _url),
)
