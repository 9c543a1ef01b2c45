"""What stands in moto that has a say: policies of roles, buckets, secrets and keys."""

from collections.abc import Callable
from typing import Any, TypeVar

from facts.permissions.evaluate import Held, Policies, Principal, held_statements

_REGION_IN_ARN, _ACCOUNT_IN_ARN = 3, 4
_Found = TypeVar("_Found")


class MotoAccount:
    """An account in moto, read through its own interfaces: what was created, not what was declared.

    Args:
        cloud: the account's clients (`rehearsal.cloud.Cloud`).
        remembers: read each thing once instead of for every request: for many requests between which nothing changes.
    """

    def __init__(self, cloud: Any, *, remembers: bool = False) -> None:
        self._cloud = cloud
        self._read: dict[tuple[str, ...], Any] | None = {} if remembers else None

    @property
    def region(self) -> str:
        """Where the account's stack stands."""
        return str(self._cloud.region)

    def forget(self) -> None:
        """Read everything anew: a policy was changed."""
        if self._read is not None:
            self._read.clear()

    def _once(self, read: Callable[..., _Found], *given: str) -> _Found:
        if self._read is None:
            return read(*given)
        key = (read.__name__, *given)
        if key not in self._read:
            self._read[key] = read(*given)
        found: _Found = self._read[key]
        return found

    def secret(self, secret_id: str, region: str) -> tuple[str, str]:
        """ARN of a secret and of its customer key, which is empty for AWS's own.

        An id that names no secret is returned as it came: nothing allows it.
        """
        return self._once(self._secret, secret_id, region)

    def _secret(self, secret_id: str, region: str) -> tuple[str, str]:
        client = self._cloud.client("secretsmanager", _region_of(secret_id) or region)
        try:
            found = client.describe_secret(SecretId=secret_id)
        except client.exceptions.ResourceNotFoundException:
            return secret_id, ""
        return found["ARN"], self._key_arn(found.get("KmsKeyId", ""), _region_of(found["ARN"]))

    def key(self, key_id: str, region: str) -> str:
        """ARN of a key given by its id, ARN or alias; what names no key is returned as it came."""
        return self._once(self._key, key_id, region)

    def _key(self, key_id: str, region: str) -> str:
        client = self._cloud.client("kms", _region_of(key_id) or region)
        try:
            return str(client.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"])
        except client.exceptions.NotFoundException:
            return key_id

    def log_group(self, name: str, region: str) -> str:
        """ARN of a log group given by its name, whether or not there is one."""
        return f"arn:aws:logs:{region}:{self._cloud.account}:log-group:{name}"

    def bucket_key(self, bucket: str) -> str:
        """ARN of the customer key that a bucket encrypts with, or empty."""
        return self._once(self._bucket_key, bucket)

    def _bucket_key(self, bucket: str) -> str:
        s3 = self._cloud.client("s3")
        try:
            rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        except s3.exceptions.ClientError:
            return ""
        key_id = rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID", "")
        region = s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
        return self._key_arn(key_id, _region_of(key_id) or region)

    def object_is_tagged(self, bucket: str, key: str, version: str) -> bool:
        """Whether an object, or one version of it, has tags; one that is not there has none."""
        s3 = self._cloud.client("s3")
        at = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        try:
            return bool(s3.get_object_tagging(**at)["TagSet"])
        except s3.exceptions.ClientError:
            return False

    def tags_of(self, role_arn: str) -> dict[str, str]:
        """A role's own tags, which its sessions carry."""
        return self._once(self._tags_of, role_arn.rpartition("/")[2])

    def _tags_of(self, role_name: str) -> dict[str, str]:
        iam = self._cloud.client("iam")
        try:
            tags = iam.list_role_tags(RoleName=role_name)["Tags"]
        except iam.exceptions.NoSuchEntityException:
            return {}
        return {str(tag["Key"]): str(tag["Value"]) for tag in tags}

    def policies_for(self, principal: Principal, resource: str) -> Policies:
        """Every policy that has a say when a role's session asks for a resource."""
        role_name = principal.role_arn.rpartition("/")[2]
        decides = resource.startswith("arn:aws:kms:") or ":role/" in resource
        return Policies(
            identity=self._once(self._identity_of, role_name) if role_name else (),
            boundary=self._once(self._boundary_of, role_name) if role_name else None,
            resource=self._once(self.policies_on, _holder_of(resource)),
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
            return self._document("s3", "get_bucket_policy", "Policy", f"policy of {bucket}", "", Bucket=bucket)
        if resource.startswith("arn:aws:secretsmanager:"):
            name = f"policy of {resource.rpartition(':')[2]}"
            found = "secretsmanager", "get_resource_policy", "ResourcePolicy"
            return self._document(*found, name, _region_of(resource), SecretId=resource)
        if resource.startswith("arn:aws:kms:"):
            name = f"policy of {resource.rpartition(':')[2]}"
            found = "kms", "get_key_policy", "Policy"
            return self._document(*found, name, _region_of(resource), KeyId=resource, PolicyName="default")
        if ":role/" in resource:
            role = self._cloud.client("iam").get_role(RoleName=resource.rpartition("/")[2])["Role"]
            return held_statements(f"trust of {role['RoleName']}", role["AssumeRolePolicyDocument"])
        return []

    def _key_arn(self, key_id: str, region: str) -> str:
        return "" if not key_id or key_id.startswith("alias/aws/") else self.key(key_id, region)

    def _identity_of(self, role_name: str) -> list[Held]:
        iam = self._cloud.client("iam")
        inline = iam.list_role_policies(RoleName=role_name)["PolicyNames"]
        held = [
            one
            for name in inline
            for one in held_statements(
                role_name, iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"]
            )
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
        return held_statements(arn.rpartition("/")[2], document)

    def _document(self, service: str, operation: str, field: str, name: str, region: str, **params: str) -> list[Held]:
        client = self._cloud.client(service, region)
        try:
            text = getattr(client, operation)(**params).get(field)
        except client.exceptions.ClientError:
            return []  # there is none, or no such resource: nothing is granted by it
        return held_statements(name, text) if text else []


def _region_of(arn: str) -> str:
    """The region in an ARN; empty for what is none."""
    return arn.split(":")[_REGION_IN_ARN] if arn.startswith("arn:") else ""


def _holder_of(resource: str) -> str:
    """What carries the policy that decides about a resource: an object's is its bucket's."""
    return resource.partition("/")[0] if resource.startswith("arn:aws:s3:::") else resource
