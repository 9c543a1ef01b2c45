"""RDS: encryption, reachability, backups and what is left when a database goes."""

from collections.abc import Iterator

from pulumi_policy import PolicyResource

from facts import tokens as t
from graph.values import flag, items, maps, number
from policies.customer_keys import names_customer_key
from policies.rule import Args, NotEvaluated, Report, rule, stack_rule
from policies.stack import Stack


@rule("database-encrypt-storage", t.DATABASE)
def encrypt_storage(args: Args, report: Report) -> None:
    if not flag(args.props.get("storageEncrypted")):
        report("storageEncrypted is not true")
    if not names_customer_key(args.props.get("kmsKeyId"), args.accounts):
        report("kmsKeyId names no customer key of this account")


@rule("database-refuse-public-access", t.DATABASE)
def refuse_public_access(args: Args, report: Report) -> None:
    if flag(args.props.get("publiclyAccessible")):
        report("publiclyAccessible is true")


@stack_rule("database-keep-off-internet-routes", t.DATABASE)
def keep_off_internet_routes(args: Args, report: Report) -> None:
    stack = args.stack
    groups = stack.named_by(args.resource, "dbSubnetGroupName", t.SUBNET_GROUP)
    if not groups:
        report("dbSubnetGroupName names no subnet group of this stack")
        return
    subnets = [subnet for group in groups for subnet in stack.named_by(group, "subnetIds", t.SUBNET)]
    if not subnets and not any(stack.of(t.SUBNET)):
        raise NotEvaluated("its subnets are no part of this stack; the stack that holds them is judged by itself")
    if any(stack.names_others(group, "subnetIds", t.SUBNET) for group in groups):
        report("some of its subnets are no part of this stack")
    for problem in (one for subnet in subnets for one in _ways_out(stack, subnet)):
        report(problem)


def _ways_out(stack: Stack, subnet: PolicyResource) -> Iterator[str]:
    associations = stack.linked(t.ROUTE_TABLE_ASSOCIATION, "subnetId", subnet)
    if not associations:
        yield f"{subnet.name} has no route table of its own, so that the network's main routes are its"
    for association in associations:
        tables = stack.named_by(association, "routeTableId", t.ROUTE_TABLE)
        if not tables:
            yield f"the route table of {subnet.name} is no part of this stack"
        for table in tables:
            if any(_leads_out(route) for route in maps(table.props.get("routes"))):
                yield f"{subnet.name} has an internet gateway among the routes of {table.name}"
            for route in stack.linked(t.ROUTE, "routeTableId", table):
                if stack.named_by(route, "gatewayId", t.INTERNET_GATEWAY) or _leads_out(route.props):
                    yield f"{subnet.name} reaches an internet gateway by {route.name}"


def _leads_out(route: object) -> bool:
    return any(str(entry.get("gatewayId", "")).startswith("igw-") for entry in maps(route))


@rule("database-protect-from-deletion", t.DATABASE)
def protect_from_deletion(args: Args, report: Report) -> None:
    if not flag(args.props.get("deletionProtection")):
        report("deletionProtection is not true")


@rule("database-keep-backups", t.DATABASE)
def keep_backups(args: Args, report: Report) -> None:
    days = number(args.props.get("backupRetentionPeriod")) or 0
    if days < args.settings["minimumDays"]:
        report(f"backupRetentionPeriod is {days:g} days, fewer than {args.settings['minimumDays']:g}")


@rule("database-span-zones", t.DATABASE)
def span_zones(args: Args, report: Report) -> None:
    if not flag(args.props.get("multiAz")):
        report("multiAz is not true")


@rule("database-upgrade-minor-versions", t.DATABASE)
def upgrade_minor_versions(args: Args, report: Report) -> None:
    if flag(args.props.get("autoMinorVersionUpgrade")) is False:  # RDS's default is true
        report("autoMinorVersionUpgrade is false")
    version = str(args.props.get("engineVersion") or "")
    if "." in version:
        report(f"engineVersion {version} pins a minor version")


@rule("database-copy-tags", t.DATABASE)
def copy_tags(args: Args, report: Report) -> None:
    if not flag(args.props.get("copyTagsToSnapshot")):
        report("copyTagsToSnapshot is not true")


@rule("database-export-logs", t.DATABASE)
def export_logs(args: Args, report: Report) -> None:
    exported = items(args.props.get("enabledCloudwatchLogsExports"))
    missing = [log for log in args.settings["logs"] if log not in exported]
    if missing:
        report(f"enabledCloudwatchLogsExports lacks {', '.join(missing)}")


@stack_rule("database-force-tls", t.DATABASE)
def force_tls(args: Args, report: Report) -> None:
    groups = args.stack.named_by(args.resource, "parameterGroupName", t.PARAMETER_GROUP)
    if not groups:
        report("parameterGroupName names no parameter group of this stack")
    for group in groups:
        parameters = maps(group.props.get("parameters"))
        forced = [number(one.get("value")) for one in parameters if one.get("name") == "rds.force_ssl"]
        if set(forced) != {1}:  # none, or one that says otherwise in whatever order
            report(f"{group.name} does not set rds.force_ssl to 1")


@rule("database-rename-master", t.DATABASE)
def rename_master(args: Args, report: Report) -> None:
    if str(args.props.get("username") or "").lower() in args.settings["refused"]:
        report(f"username is {args.props['username']}")


@rule("database-allow-iam-login", t.DATABASE)
def allow_iam_login(args: Args, report: Report) -> None:
    if not flag(args.props.get("iamDatabaseAuthenticationEnabled")):
        report("iamDatabaseAuthenticationEnabled is not true")


@rule("database-use-current-certificate", t.DATABASE)
def use_current_certificate(args: Args, report: Report) -> None:
    authority = args.props.get("caCertIdentifier")
    if authority not in args.settings["authorities"]:
        report(f"caCertIdentifier is {authority or 'left to the account'}")


@rule("database-watch-performance", t.DATABASE)
def watch_performance(args: Args, report: Report) -> None:
    if not flag(args.props.get("performanceInsightsEnabled")):
        report("performanceInsightsEnabled is not true")
    if not names_customer_key(args.props.get("performanceInsightsKmsKeyId"), args.accounts):
        report("performanceInsightsKmsKeyId names no customer key of this account")


@stack_rule("database-keep-final-snapshot", t.DATABASE)
def keep_final_snapshot(args: Args, report: Report) -> None:
    if flag(args.props.get("skipFinalSnapshot")):
        report("skipFinalSnapshot is true")
        return
    sources = args.resource.property_dependencies.get("finalSnapshotIdentifier", ())
    if any(source.resource_type.startswith("random:") for source in sources):
        return
    if not args.props.get("finalSnapshotIdentifier"):
        report("finalSnapshotIdentifier is missing, so that a deletion fails")
    else:
        report("finalSnapshotIdentifier has no random part of this stack, so that its name may be taken")


@rule("database-keep-automated-backups", t.DATABASE)
def keep_automated_backups(args: Args, report: Report) -> None:
    if flag(args.props.get("deleteAutomatedBackups")) is not False:  # the provider's default is true
        report("deleteAutomatedBackups is not false")


@rule("database-let-rds-hold-master-password", t.DATABASE)
def let_rds_hold_master_password(args: Args, report: Report) -> None:
    if not flag(args.props.get("manageMasterUserPassword")):
        report("manageMasterUserPassword is not true")
    for name in ("password", "passwordWo"):
        if args.props.get(name):
            report(f"{name} is set")


@rule("database-monitor-closely", t.DATABASE)
def monitor_closely(args: Args, report: Report) -> None:
    if not number(args.props.get("monitoringInterval")):
        report("monitoringInterval is 0")


@rule("database-change-port", t.DATABASE)
def change_port(args: Args, report: Report) -> None:
    if number(args.props.get("port")) in (None, 5432, 3306, 1433, 1521):
        report("port is the engine's default")


@stack_rule("database-announce-events", t.DATABASE)
def announce_events(args: Args, report: Report) -> None:
    subscriptions = [s.props for s in args.stack.of(t.EVENT_SUBSCRIPTION) if flag(s.props.get("enabled")) is not False]
    for source, name in (
        ("db-instance", "identifier"),
        ("db-parameter-group", "parameterGroupName"),
        ("db-security-group", ""),
    ):
        told = [props for props in subscriptions if props.get("sourceType") in (None, source)]
        if not any(
            not items(props.get("sourceIds")) or args.props.get(name) in items(props["sourceIds"]) for props in told
        ):
            report(f"no event subscription for {source}")


@stack_rule("database-join-backup-plan", t.DATABASE)
def join_backup_plan(args: Args, report: Report) -> None:
    if not args.stack.linked(t.BACKUP_SELECTION, "resources", args.resource):
        report("no backup selection names it")


@stack_rule("database-log-queries", t.DATABASE)
def log_queries(args: Args, report: Report) -> None:
    groups = args.stack.named_by(args.resource, "parameterGroupName", t.PARAMETER_GROUP)
    parameters = {one.get("name"): one.get("value") for group in groups for one in maps(group.props.get("parameters"))}
    slowest = number(parameters.get("log_min_duration_statement"))
    if parameters.get("log_statement", "none") == "none" and (slowest is None or slowest < 0):
        report("its parameter group logs none by log_statement and log_min_duration_statement")
