"""ECS, ECR and Lambda: how the service's containers run and where its image lies."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from facts import tokens as t
from facts.containers import containers
from facts.permissions.documents import is_open, label_of, statements
from graph.values import at, flag, items, maps, texts
from policies.customer_keys import names_customer_key
from policies.rule import Args, Report, rule, stack_rule

SECRET_NAME = re.compile(r"(?i)(SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|CREDENTIAL|PRIVATE_?KEY|ACCESS_?KEY|API_?KEY)")
PASS = re.compile(r"(?i)(?<![A-Z])PASS(?![A-Z])")  # PROXY_PASS is an address that requests are passed to
NAMES_A_SECRET = re.compile(r"(?i)(_ID|_ARN|_NAME|_URL|_PATH|_FILE)$")  # DATABASE_SECRET_ID says where, not what
ACCESS_KEY = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")
PASSWORD_IN_URL = re.compile(  # a variable of the shell, $PASSWORD or ${PASSWORD}, is where one will stand
    r"://[^/\s:@]*:(?!\$(?:[A-Z_][A-Z0-9_]*|\{[A-Z_][A-Z0-9_]*\})@)[^/\s@]+@"
)


def _containers(args: Args) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for container in containers(args.props.get("containerDefinitions")):
        yield str(container.get("name") or "a container without a name"), container


def _environment(container: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each variable with its value; a name may stand there twice."""
    return [(str(e.get("name")), str(e.get("value") or "")) for e in maps(container.get("environment"))]


@rule("service-refuse-public-ip", t.SERVICE)
def refuse_public_ip(args: Args, report: Report) -> None:
    if flag(at(args.props.get("networkConfiguration"), "assignPublicIp")):
        report("assignPublicIp is true")


@rule("service-use-latest-platform", t.SERVICE)
def use_latest_platform(args: Args, report: Report) -> None:
    if args.props.get("platformVersion") not in (None, "", "LATEST"):
        report(f"platformVersion is {args.props['platformVersion']}")


@rule("task-keep-own-processes", t.TASK_DEFINITION)
def keep_own_processes(args: Args, report: Report) -> None:
    for name in ("pidMode", "ipcMode"):
        if args.props.get(name) == "host":
            report(f"{name} is host")


@rule("task-keep-own-network", t.TASK_DEFINITION)
def keep_own_network(args: Args, report: Report) -> None:
    if args.props.get("networkMode") == "host":
        report("networkMode is host")


@rule("task-refuse-privileged", t.TASK_DEFINITION)
def refuse_privileged(args: Args, report: Report) -> None:
    for name, container in _containers(args):
        if flag(container.get("privileged")):
            report(f"container {name} is privileged")


@rule("task-read-only-root", t.TASK_DEFINITION)
def read_only_root(args: Args, report: Report) -> None:
    for name, container in _containers(args):
        if not flag(container.get("readonlyRootFilesystem")):
            report(f"container {name} may write to its root file system")


@rule("task-inject-secrets", t.TASK_DEFINITION)
def inject_secrets(args: Args, report: Report) -> None:
    for name, container in _containers(args):
        _judge_environment(f"container {name}", _environment(container), report)
        for setting, value in container.items():
            if setting != "environment" and any(map(_is_credential, texts(value))):
                report(f"container {name} has a credential in {setting}")
        if items(container.get("environmentFiles")):
            report(f"container {name} reads environmentFiles, and what stands in them is not known here")


@rule("task-inject-secrets", t.FUNCTION)
def keep_secrets_out_of_functions(args: Args, report: Report) -> None:
    variables = at(args.props.get("environment"), "variables")
    if isinstance(variables, Mapping):
        _judge_environment("the function", [(str(key), str(variables[key] or "")) for key in variables], report)


def _judge_environment(who: str, environment: Iterable[tuple[str, str]], report: Report) -> None:
    for key, value in environment:
        named = SECRET_NAME.search(key) or (PASS.search(key) and "://" not in value)
        if named and not NAMES_A_SECRET.search(key):
            report(f"{who} has {key} in its environment")
        elif key.upper().endswith("ACCESS_KEY_ID"):
            report(f"{who} has the access key {key} in its environment")
        elif _is_credential(value):
            report(f"{who} has a credential in {key}")


def _is_credential(text: str) -> bool:
    return bool(ACCESS_KEY.search(text) or PASSWORD_IN_URL.search(text))


@rule("task-log", t.TASK_DEFINITION)
def ship_output(args: Args, report: Report) -> None:
    for name, container in _containers(args):
        if not at(container.get("logConfiguration"), "logDriver"):
            report(f"container {name} has no logConfiguration")


@rule("task-run-as-user", t.TASK_DEFINITION)
def run_as_user(args: Args, report: Report) -> None:
    for name, container in _containers(args):
        user = str(container.get("user") or "").split(":", 1)[0]
        if user == "root" or re.fullmatch(r"[+-]?0*", user):  # Go reads +0 and -0 as 0
            report(f"container {name} runs as {user or 'the user of its image'}")


@stack_rule("task-separate-roles", t.TASK_DEFINITION)
def separate_roles(args: Args, report: Report) -> None:
    execution_roles = args.stack.named_by(args.resource, "executionRoleArn", t.ROLE)
    task_roles = args.stack.named_by(args.resource, "taskRoleArn", t.ROLE)
    if any(role in task_roles for role in execution_roles):
        report("executionRoleArn and taskRoleArn are one role")
    if execution_roles and task_roles:
        return  # two roles of this stack, whose ARNs need not be known
    execution = args.props.get("executionRoleArn")
    if execution and execution == args.props.get("taskRoleArn"):
        report("executionRoleArn and taskRoleArn are one role outside this stack")


@rule("task-run-production", t.TASK_DEFINITION)
def run_production(args: Args, report: Report) -> None:
    for name, container in _containers(args):
        environment = dict(_environment(container))
        if environment.get("NODE_ENV") != "production":
            report(f"container {name} runs with NODE_ENV={environment.get('NODE_ENV') or 'unset'}")
        if environment.get("OIDC_DEV_MOCK") not in (None, "", "0"):
            report(f"container {name} runs with the login mock")
        if environment.get("DATABASE_URL", "").startswith(("sqlite:", "file:")):
            report(f"container {name} runs on SQLite")


@rule("repository-scan-images", t.REPOSITORY)
def scan_images(args: Args, report: Report) -> None:
    if not flag(at(args.props.get("imageScanningConfiguration"), "scanOnPush")):
        report("scanOnPush is not true")


@rule("repository-keep-tags", t.REPOSITORY)
def keep_tags(args: Args, report: Report) -> None:
    if args.props.get("imageTagMutability") != "IMMUTABLE":
        report("imageTagMutability is not IMMUTABLE")


@rule("repository-refuse-public", t.REPOSITORY_POLICY)
def refuse_public(args: Args, report: Report) -> None:
    for statement in statements(args.props.get("policy")):
        if statement.get("Effect") == "Allow" and is_open(statement):
            report(f"{label_of(statement)} allows everybody")


@stack_rule("repository-expire-images", t.REPOSITORY)
def expire_images(args: Args, report: Report) -> None:
    if not args.stack.linked(t.REPOSITORY_LIFECYCLE, "repository", args.resource):
        report("it has no LifecyclePolicy")


@rule("repository-encrypt-with-customer-key", t.REPOSITORY)
def encrypt_images(args: Args, report: Report) -> None:
    found = list(maps(args.props.get("encryptionConfigurations")))
    keys = [entry.get("kmsKey") for entry in found if entry.get("encryptionType") == "KMS"]
    if not any(names_customer_key(key, args.accounts) for key in keys):
        report("encryptionConfigurations names no customer key of this account")


@rule("cluster-watch-containers", t.CLUSTER)
def watch_containers(args: Args, report: Report) -> None:
    settings = {entry.get("name"): entry.get("value") for entry in maps(args.props.get("settings"))}
    if settings.get("containerInsights") not in ("enabled", "enhanced"):
        report("containerInsights is off")


@rule("function-use-current-runtime", t.FUNCTION)
def use_current_runtime(args: Args, report: Report) -> None:
    if args.props.get("packageType") == "Image":
        return  # an image brings its own
    if args.props.get("runtime") not in items(args.settings["runtimes"]):
        report(f"runtime is {args.props.get('runtime') or 'missing'}")
