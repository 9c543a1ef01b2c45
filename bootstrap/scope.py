"""What one environment's stacks are called in its account, for statements that must name them before they exist."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from components.exports import SUFFIX_LETTERS
from components.names import EXPORTS
from components.permissions import Condition, Statement


@dataclass(frozen=True, kw_only=True)
class Scope:
    """An account, its environment and the regions in which its roles may do anything at all.

    A stack's physical names begin with `workbuoy-<environment>` or, for regional bases and customers' own stacks,
    `workbuoy-<environment>-...` (`components.context.StackContext.name`). Names of the account's own things
    (`workbuoy-deploy-...`, `workbuoy-state-...`, `workbuoy-boundary`) begin otherwise: neither covers the other.
    """

    account_id: str
    environment: str
    regions: tuple[str, ...]

    def arns(self, service: str, *resources: str) -> list[str]:
        """ARNs of this account in any region; `regions` is enforced by `bootstrap.roles.elsewhere`."""
        return [f"arn:aws:{service}:*:{self.account_id}:{resource}" for resource in resources]

    def named(self, service: str, *resources: str) -> list[str]:
        """ARNs with `{}` in the place of a stack's name."""
        return self.arns(service, *self._filled(resources))

    def log_groups(self) -> list[str]:
        """ARNs of the groups that the service, its one-off tasks and its rotation write into."""
        return self.named("logs", "log-group:/workbuoy/{}/*", "log-group:/aws/lambda/{}-rotation*")

    def iam(self, *resources: str) -> list[str]:
        """ARNs of IAM, which has no regions, with `{}` in the place of a stack's name and a dash."""
        return [f"arn:aws:iam::{self.account_id}:{one.format(f'workbuoy-{self.environment}-')}" for one in resources]

    def roles(self, *names: str) -> list[str]:
        """ARNs of the stacks' roles of these names (`components.context`)."""
        return self.iam(*(f"role/{{}}{before}{name}" for name in names for before in ("", "*-")))

    def buckets(self, inside: str = "") -> list[str]:
        """ARNs of the stacks' buckets, or of what is `inside` them."""
        return [f"arn:aws:s3:::workbuoy-{self.environment}-*{inside}"]

    def exports(self, inside: str = "") -> list[str]:
        """ARNs of the base stacks' places for exports (`components/exports.py`), or of what is `inside` them."""
        suffix = "?" * SUFFIX_LETTERS  # a customer may be called exports-acme
        bases = ("", *(f"{region}-" for region in self.regions))
        return [f"arn:aws:s3:::workbuoy-{self.environment}-{base}{EXPORTS}-{suffix}{inside}" for base in bases]

    def read_exports(self) -> list[Statement]:
        """Find exports and read them, to check them and to hand them over."""
        return [
            Statement(sid="FindExports", actions=["s3:ListBucket"], resources=self.exports()),
            Statement(sid="ReadExports", actions=["s3:GetObject"], resources=self.exports("/*")),
            Statement(
                sid="DecryptExports",
                actions=["kms:Decrypt"],
                resources=self.arns("kms", "key/*"),
                conditions=self.key_through("s3", self.exports()),
            ),
        ]

    @property
    def of_a_stack(self) -> Condition:
        """A resource without a name that a stack made: keys. The account's own are tagged as bootstrap's."""
        return self._tagged("ResourceTag")

    @property
    def made_as_a_stacks(self) -> Condition:
        """A request that makes such a resource, with the tags that say whose it is."""
        return self._tagged("RequestTag")

    def key_through(self, service: str, buckets: Sequence[str] = ()) -> Condition:
        """A key that a stack made, through one service alone, and for what is in `buckets` where these are named.

        With a bucket key the context names the bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html.
        """
        hosts = [f"{service}.{region}.amazonaws.com" for region in self.regions]
        via: Condition = {"StringEquals": {**self.of_a_stack["StringEquals"], "kms:ViaService": hosts}}
        return {**via, "ArnLike": {"kms:EncryptionContext:aws:s3:arn": buckets}} if buckets else via

    def _tagged(self, kind: str) -> Condition:
        return {"StringEquals": {f"aws:{kind}/application": "workbuoy", f"aws:{kind}/environment": self.environment}}

    def _filled(self, resources: Iterable[str]) -> Iterable[str]:
        for resource in resources:
            yield resource.format(f"workbuoy-{self.environment}")
            yield resource.format(f"workbuoy-{self.environment}-*")
