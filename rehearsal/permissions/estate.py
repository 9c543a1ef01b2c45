"""What stands in moto that has a say: policies of roles, buckets, secrets and keys, read anew for every request."""

import json
from typing import Any

from rehearsal.permissions.evaluate import Held, Policies, Principal

_ACCOUNT_IN_ARN = 4


class Estate:
    """An account in moto, read through its own interfaces: what was created, not what was declared.

    Args:
        cloud: the account's clients (`rehearsal.cloud.Cloud`).
    """

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud

    def secret(self, secret_id: str, region: str) -> tuple[str, str]:
        """ARN of a secret and of its customer key, which is empty for AWS's own.

        An id that names no secret is returned as it came: nothing allows it.
        """
        try:
            found = self._cloud.client("secretsmanager", region).describe_secret(SecretId=secret_id)
        except self._cloud.client("secretsmanager", region).exceptions.ResourceNotFoundException:
            return secret_id, ""
        return found["ARN"], self._key_arn(found.get("KmsKeyId", ""))

    def bucket_key(self, bucket: str) -> str:
        """ARN of the customer key that a bucket encrypts with, or empty."""
        s3 = self._cloud.client("s3")
        try:
            rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        except s3.exceptions.ClientError:
            return ""
        default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
        return self._key_arn(default.get("KMSMasterKeyID", ""))

    def policies_for(self, principal: Principal, resource: str) -> Policies:
        """Every policy that has a say when a role's session asks for a resource."""
        role_name = principal.role_arn.rpartition("/")[2]
        decides = resource.startswith("arn:aws:kms:") or ":role/" in resource
        boundary = self._boundary_of(role_name) if role_name else None
        return Policies(
            identity=self._identity_of(role_name) if role_name else (),
            boundary=boundary,
            resource=self.policies_on(resource),
            resource_decides=decides,
        )

    def account_of(self, resource: str) -> str:
        """The account that owns a resource; a bucket's ARN does not say, so it is the account it was found in."""
        parts = resource.split(":")
        named = parts[_ACCOUNT_IN_ARN] if len(parts) > _ACCOUNT_IN_ARN else ""
        return named or str(self._cloud.account)

    def policies_on(self, resource: str) -> list[Held]:
        """The statements of the policy that hangs on a resource itself."""
        if resource.startswith("arn:aws:s3:::"):
            bucket = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
            return self._document("s3", "get_bucket_policy", "Policy", f"policy of {bucket}", Bucket=bucket)
        if resource.startswith("arn:aws:secretsmanager:"):
            name = f"policy of {resource.rpartition(':')[2]}"
            return self._document("secretsmanager", "get_resource_policy", "ResourcePolicy", name, SecretId=resource)
        if resource.startswith("arn:aws:kms:"):
            name = f"policy of {resource.rpartition(':')[2]}"
            return self._document("kms", "get_key_policy", "Policy", name, KeyId=resource, PolicyName="default")
        if ":role/" in resource:
            role = self._cloud.client("iam").get_role(RoleName=resource.rpartition("/")[2])["Role"]
            return _held(f"trust of {role['RoleName']}", role["AssumeRolePolicyDocument"])
        return []

    def _key_arn(self, key_id: str) -> str:
        if not key_id or key_id.startswith("alias/aws/"):
            return ""
        return str(self._cloud.client("kms").describe_key(KeyId=key_id)["KeyMetadata"]["Arn"])

    def _identity_of(self, role_name: str) -> list[Held]:
        iam = self._cloud.client("iam")
        inline = iam.list_role_policies(RoleName=role_name)["PolicyNames"]
        held = [
            one
            for name in inline
            for one in _held(role_name, iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"])
        ]
        attached = iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]
        return held + [one for policy in attached for one in self._managed(policy["PolicyArn"])]

    def _boundary_of(self, role_name: str) -> list[Held] | None:
        role = self._cloud.client("iam").get_role(RoleName=role_name)["Role"]
        arn = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return self._managed(arn) if arn else None

    def _managed(self, arn: str) -> list[Held]:
        iam = self._cloud.client("iam")
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return _held(arn.rpartition("/")[2], document)

    def _document(self, service: str, operation: str, field: str, name: str, **params: str) -> list[Held]:
        client = self._cloud.client(service)
        try:
            text = getattr(client, operation)(**params).get(field)
        except client.exceptions.ClientError:
            return []  # there is none, or no such resource: nothing is granted by it
        return _held(name, json.loads(text)) if text else []


def _held(policy: str, document: Any) -> list[Held]:
    statements = document["Statement"]
    return [Held(policy, one) for one in (statements if isinstance(statements, list) else [statements])]
