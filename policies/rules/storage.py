"""S3: who may reach a bucket, what is kept and for how long."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from facts import tokens as t
from facts.exposure import PRIVATE_ACLS
from facts.permissions.documents import accounts_of, is_open, principals, statements, values_of
from facts.stores.model import Form
from facts.stores.rules import read_rules
from graph.values import at, flag, items, maps
from policies.customer_keys import names_customer_key
from policies.rule import Args, NotEvaluated, Report, rule, stack_rule
from policies.rules.sharing import shares_prefix

PUBLIC_GROUPS = ("/AllUsers", "/AuthenticatedUsers")


@stack_rule("bucket-block-public-access", t.BUCKET)
def block_public_access(args: Args, report: Report) -> None:
    blocks = args.stack.linked(t.BUCKET_PUBLIC_ACCESS, "bucket", args.resource, needed=True)
    if not blocks:
        report("it has no BucketPublicAccessBlock")
    for block in blocks:
        for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
            if not flag(block.props.get(name)):
                report(f"{name} is not true")


@rule("bucket-refuse-public-acl", t.BUCKET_ACL, t.BUCKET)
def refuse_public_acl(args: Args, report: Report) -> None:
    if args.props.get("acl") not in (None, "", *PRIVATE_ACLS):
        report(f"acl is {args.props['acl']}")
    written = maps(at(args.props.get("accessControlPolicy"), "grants"))
    inline = maps(args.props.get("grants"))
    groups = [*(at(one, "grantee.uri") for one in written), *(one.get("uri") for one in inline)]
    if any(str(group or "").endswith(PUBLIC_GROUPS) for group in groups):
        report("a grant names everybody")


@stack_rule("bucket-require-tls", t.BUCKET)
def require_tls(args: Args, report: Report) -> None:
    policies = args.stack.linked(t.BUCKET_POLICY, "bucket", args.resource, needed=True)
    if not policies:
        report("it has no BucketPolicy")
    elif not any(_denies_plain(s) for policy in policies for s in statements(policy.props.get("policy"))):
        report("its policy does not deny s3:* on the bucket and its objects while aws:SecureTransport is false")


def _denies_plain(statement: Mapping[str, Any]) -> bool:
    """A Deny of everything for everybody, on the bucket and all of its objects, on the one condition and no other."""
    conditions = statement.get("Condition")
    block = conditions.get("Bool") if isinstance(conditions, Mapping) and list(conditions) == ["Bool"] else None
    plain = {str(key).lower(): items(value) for key, value in block.items()} if isinstance(block, Mapping) else {}
    return (
        statement.get("Effect") == "Deny"
        and "*" in principals(statement)
        and any(action in ("s3:*", "*") for action in values_of(statement, "Action"))
        and _whole_bucket(values_of(statement, "Resource"))
        and list(plain) == ["aws:securetransport"]
        and [str(value).lower() for value in plain["aws:securetransport"]] == ["false"]
    )


def _whole_bucket(resources: Sequence[str]) -> bool:
    return "*" in resources or any(f"{one}/*" in resources for one in resources)


@stack_rule("bucket-enforce-owner", t.BUCKET)
def enforce_owner(args: Args, report: Report) -> None:
    controls = args.stack.linked(t.BUCKET_OWNERSHIP, "bucket", args.resource, needed=True)
    if not any(at(c.props.get("rule"), "objectOwnership") == "BucketOwnerEnforced" for c in controls):
        report("no BucketOwnershipControls sets BucketOwnerEnforced")


@stack_rule("bucket-keep-versions", t.BUCKET)
def keep_versions(args: Args, report: Report) -> None:
    settings = args.stack.linked(t.BUCKET_VERSIONING, "bucket", args.resource, needed=True)
    if not settings:
        report("it has no BucketVersioning")
    elif any(at(s.props.get("versioningConfiguration"), "status") != "Enabled" for s in settings):
        report("versioning is not Enabled")


@stack_rule("bucket-encrypt-with-customer-key", t.BUCKET)
def encrypt_with_customer_key(args: Args, report: Report) -> None:
    configurations = args.stack.linked(t.BUCKET_ENCRYPTION, "bucket", args.resource, needed=True)
    rules = [entry for c in configurations for entry in maps(c.props.get("rules"))]
    if not rules:
        report("it has no BucketServerSideEncryptionConfiguration")
    for entry in rules:
        default = entry.get("applyServerSideEncryptionByDefault")
        if at(default, "sseAlgorithm") not in ("aws:kms", "aws:kms:dsse"):
            report("sseAlgorithm is not aws:kms")
        elif not names_customer_key(at(default, "kmsMasterKeyId"), args.accounts):
            report("kmsMasterKeyId names no customer key of this account")
        elif not flag(entry.get("bucketKeyEnabled")):
            report("bucketKeyEnabled is not true")


@stack_rule("bucket-set-lifecycle", t.BUCKET)
def set_lifecycle(args: Args, report: Report) -> None:
    if not list(_lifecycle(args)):
        report("it has no BucketLifecycleConfiguration with an enabled rule")


@stack_rule("bucket-expire-noncurrent-versions", t.BUCKET)
def expire_noncurrent_versions(args: Args, report: Report) -> None:
    if not any(_unnarrowed_days(args, Form.NONCURRENT_VERSIONS)):
        report("no enabled rule for the whole bucket expires noncurrent versions")


@stack_rule("bucket-abort-uploads", t.BUCKET)
def abort_uploads(args: Args, report: Report) -> None:
    limit = args.settings["maximumDays"]
    if not any(0 < days <= limit for days in _unnarrowed_days(args, Form.UNFINISHED_UPLOADS)):
        report(f"no enabled rule for the whole bucket aborts unfinished uploads within {limit:g} days")


def _lifecycle(args: Args) -> Iterator[Mapping[str, Any]]:
    for configuration in args.stack.linked(t.BUCKET_LIFECYCLE, "bucket", args.resource, needed=True):
        for entry in maps(configuration.props.get("rules")):
            if entry.get("status") == "Enabled":
                yield entry


def _unnarrowed_days(args: Args, form: Form) -> Iterator[float]:
    """Days after which enabled rules that nothing narrows end a form of data."""
    for span in read_rules(list(_lifecycle(args))).spans[form]:
        if not span.limits and span.days:
            yield span.days


@stack_rule("bucket-name-principals", t.BUCKET_POLICY)
def name_principals(args: Args, report: Report) -> None:
    for statement in statements(args.props.get("policy")):
        if statement.get("Effect") != "Allow":
            continue
        if is_open(statement):
            report(f"{_label(statement)} allows everybody")
        foreign = accounts_of(principals(statement)) - set(args.accounts)
        if foreign and not args.accounts:
            raise NotEvaluated("the provider names no allowedAccountIds to compare principals with")
        if foreign and not shares_prefix(args, statement):
            report(f"{_label(statement)} allows account {', '.join(sorted(foreign))}")


def _label(statement: Mapping[str, Any]) -> str:
    return f"statement {statement['Sid']}" if statement.get("Sid") else "a statement without a Sid"


@stack_rule("bucket-log-access", t.BUCKET)
def log_access(args: Args, report: Report) -> None:
    if not args.stack.linked(t.BUCKET_LOGGING, "bucket", args.resource):
        report("it has no BucketLogging")


@rule("bucket-refuse-force-destroy", t.BUCKET)
def refuse_force_destroy(args: Args, report: Report) -> None:
    if flag(args.props.get("forceDestroy")):
        report("forceDestroy is true")


@stack_rule("bucket-replicate-across-regions", t.BUCKET)
def replicate_across_regions(args: Args, report: Report) -> None:
    if not args.stack.linked(t.BUCKET_REPLICATION, "bucket", args.resource):
        report("it has no BucketReplicationConfig")


@stack_rule("bucket-announce-events", t.BUCKET)
def announce_events(args: Args, report: Report) -> None:
    if not args.stack.linked(t.BUCKET_NOTIFICATION, "bucket", args.resource):
        report("it has no BucketNotification")


@rule("bucket-lock-objects", t.BUCKET)
def lock_objects(args: Args, report: Report) -> None:
    if not flag(args.props.get("objectLockEnabled")):
        report("objectLockEnabled is not true")


@stack_rule("bucket-require-mfa-delete", t.BUCKET)
def require_mfa_delete(args: Args, report: Report) -> None:
    settings = args.stack.linked(t.BUCKET_VERSIONING, "bucket", args.resource)
    if not any(at(s.props.get("versioningConfiguration"), "mfaDelete") == "Enabled" for s in settings):
        report("mfaDelete is not Enabled")


@stack_rule("bucket-record-object-access", t.BUCKET)
def record_object_access(args: Args, report: Report) -> None:
    trails = [trail.props for trail in args.stack.of(t.TRAIL) if flag(trail.props.get("enableLogging")) is not False]
    arn = args.props.get("arn") or f"arn:aws:s3:::{args.props.get('bucket') or args.name}"
    if not any(_records_objects(trail, f"{arn}/") for trail in trails):
        report("no trail records reads and writes of its objects")


def _records_objects(trail: Mapping[str, Any], objects: str) -> bool:
    for selector in maps(trail.get("eventSelectors")):
        named = [entry for entry in maps(selector.get("dataResources")) if entry.get("type") == "AWS::S3::Object"]
        if selector.get("readWriteType") in (None, "All") and any(_begin(one.get("values"), objects) for one in named):
            return True
    return any(
        _selects(list(maps(one.get("fieldSelectors"))), objects) for one in maps(trail.get("advancedEventSelectors"))
    )


def _selects(fields: Sequence[Mapping[str, Any]], objects: str) -> bool:
    """Whether a selector takes every event of objects; a field more than these takes some of them alone."""
    kinds = [one for entry in fields if entry.get("field") == "resources.type" for one in items(entry.get("equals"))]
    arns = [entry for entry in fields if entry.get("field") == "resources.ARN"]
    others = {entry.get("field") for entry in fields} - {"eventCategory", "resources.type", "resources.ARN"}
    whole = all(
        {name for name in entry if entry[name]} == {"field", "startsWiths"} and _begin(entry["startsWiths"], objects)
        for entry in arns
    )
    return "AWS::S3::Object" in kinds and not others and whole


def _begin(prefixes: Any, objects: str) -> bool:
    return any(objects.startswith(str(one)) for one in items(prefixes))
