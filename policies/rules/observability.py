"""CloudWatch and SNS: what is kept, and who hears of it."""

from facts import tokens as t
from facts.containers import containers
from facts.permissions.documents import is_open, label_of, statements
from facts.permissions.resources import names_own_source
from facts.safeguards.alerts import receivers_of
from graph.values import at, flag, items, maps, number
from policies.customer_keys import names_customer_key
from policies.rule import Args, Report, rule, stack_rule


@rule("log-group-set-retention", t.LOG_GROUP)
def set_retention(args: Args, report: Report) -> None:
    if not number(args.props.get("retentionInDays")):
        report("retentionInDays is not set")


@stack_rule("log-group-set-retention", t.DATABASE)
def declare_database_logs(args: Args, report: Report) -> None:
    identifier = args.props.get("identifier")
    declared = {group.props.get("name") for group in args.stack.of(t.LOG_GROUP)}
    for log in items(args.props.get("enabledCloudwatchLogsExports")):
        if f"/aws/rds/instance/{identifier}/{log}" not in declared:
            report(f"RDS will make /aws/rds/instance/{identifier}/{log} without a retention")


@stack_rule("log-group-set-retention", t.FUNCTION)
def declare_function_logs(args: Args, report: Report) -> None:
    if args.stack.named_by(args.resource, "loggingConfig.logGroup", t.LOG_GROUP):
        return
    given = at(args.props.get("loggingConfig"), "logGroup")
    group = given or f"/aws/lambda/{args.props.get('name') or args.name}"
    if group not in {one.props.get("name") for one in args.stack.of(t.LOG_GROUP)}:
        report(f"Lambda will make {group} without a retention")


@stack_rule("log-group-set-retention", t.TASK_DEFINITION)
def declare_container_logs(args: Args, report: Report) -> None:
    declared = {one.props.get("name") for one in args.stack.of(t.LOG_GROUP)}
    for container in containers(args.props.get("containerDefinitions")):
        options = at(container, "logConfiguration.options")
        group = at(options, "awslogs-group")
        if str(at(options, "awslogs-create-group")).lower() == "true" and group not in declared:
            report(f"ECS will make {group} without a retention")


@rule("log-group-encrypt", t.LOG_GROUP)
def encrypt_logs(args: Args, report: Report) -> None:
    if not names_customer_key(args.props.get("kmsKeyId"), args.accounts):
        report("kmsKeyId names no customer key of this account")


@rule("log-group-keep-a-year", t.LOG_GROUP)
def keep_a_year(args: Args, report: Report) -> None:
    days = number(args.props.get("retentionInDays"))
    if days and days < args.settings["minimumDays"]:
        report(f"retentionInDays is {days:g}, fewer than {args.settings['minimumDays']:g}")


@rule("alarm-have-action", t.METRIC_ALARM, t.COMPOSITE_ALARM)
def have_action(args: Args, report: Report) -> None:
    if not items(args.props.get("alarmActions")):
        report("alarmActions is empty")


@rule("alarm-keep-actions-on", t.METRIC_ALARM, t.COMPOSITE_ALARM)
def keep_actions_on(args: Args, report: Report) -> None:
    if flag(args.props.get("actionsEnabled")) is False:
        report("actionsEnabled is false")


@rule("metrics-encrypt", t.METRICS_WORKSPACE)
def encrypt_metrics(args: Args, report: Report) -> None:
    if not names_customer_key(args.props.get("kmsKeyArn"), args.accounts):
        report("kmsKeyArn names no customer key of this account")


@rule("metrics-log-failures", t.METRICS_WORKSPACE)
def log_failures(args: Args, report: Report) -> None:
    if not any(one.get("logGroupArn") for one in maps(args.props.get("loggingConfiguration"))):
        report("loggingConfiguration names no log group")


@rule("metrics-alerts-reach-somebody", t.METRICS_ALERT_MANAGER)
def reach_somebody(args: Args, report: Report) -> None:
    if not receivers_of(args.props.get("definition")):
        report("no route of definition leads to a topic")


@rule("topic-encrypt", t.TOPIC)
def encrypt_topic(args: Args, report: Report) -> None:
    if not names_customer_key(args.props.get("kmsMasterKeyId"), args.accounts):
        report("kmsMasterKeyId names no customer key of this account")


@rule("topic-refuse-public", t.TOPIC_POLICY, t.TOPIC)
def refuse_public(args: Args, report: Report) -> None:
    own = frozenset(args.accounts)
    for statement in statements(args.props.get("policy")):
        if statement.get("Effect") == "Allow" and is_open(statement) and not names_own_source(statement, own):
            report(f"{label_of(statement)} allows everybody")
