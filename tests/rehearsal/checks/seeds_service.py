"""Seeds of ECS, Lambda, Secrets Manager, KMS, SNS and IAM."""

from typing import Any

from rehearsal.result import Rehearsed
from tests.rehearsal.checks.case import Case, each, field, function, part, task

REGISTRY = "210000000001.dkr.ecr.eu-north-1.amazonaws.com/app@sha256:1"


def app(**changes: Any) -> Rehearsed:
    """A task with one container."""
    return task({"name": "app", "image": REGISTRY, **changes})


def pair(condition: str, needed: str = "other", **changes: Any) -> Rehearsed:
    """A container that waits for another one with these changes."""
    return task(
        {"name": "other", "image": REGISTRY, **changes},
        {"name": "app", "image": REGISTRY, "dependsOn": [{"containerName": needed, "condition": condition}]},
    )


def circle(needed: str | None) -> Rehearsed:
    other = {"name": "other", "image": REGISTRY, "essential": False}
    if needed:
        other["dependsOn"] = [{"containerName": needed, "condition": "START"}]
    waits = [{"containerName": "other", "condition": "START"}]
    return task(other, {"name": "app", "image": REGISTRY, "dependsOn": waits})


def log(**options: str) -> Rehearsed:
    good = {"awslogs-group": "g", "awslogs-region": "eu-north-1"}
    kept = {key: value for key, value in {**good, **options}.items() if value}
    return app(logConfiguration={"logDriver": "awslogs", "options": kept})


def health(**changes: Any) -> Rehearsed:
    return app(healthCheck={"command": ["CMD", "true"], **changes})


def image(uri: str | None, **changes: Any) -> Rehearsed:
    return function(packageType="Image", imageUri=uri, **changes)


def variables(values: dict[str, str]) -> Rehearsed:
    return function(environment={"variables": values})


def rotation(**rules: Any) -> Rehearsed:
    return part("secretsmanager/secretRotation:SecretRotation", secretId="arn:s", rotationRules=rules)


def key(**changes: Any) -> Rehearsed:
    return part("kms/key:Key", **changes)


def subscription(change: tuple[str, str]) -> Rehearsed:
    topic = "arn:aws:sns:eu-north-1:210000000001:t"
    return part("sns/topicSubscription:TopicSubscription", topic=topic, protocol=change[0], endpoint=change[1])


def of_topic(topic: str) -> Rehearsed:
    return part("sns/topicSubscription:TopicSubscription", topic=topic, protocol="email", endpoint="a@b.example")


def named(names: tuple[str, ...]) -> Rehearsed:
    return task(*({"name": name, "image": REGISTRY} for name in names))


SUBSCRIPTION = "sns/topicSubscription:TopicSubscription"
EIGHT = [{"name": f"N{number}", "value": "x" * 8000} for number in range(9)]

EU = ("eu-north-1", "eu-west-1")


def delivered(region: str) -> list[Rehearsed]:
    return [subscription(("sqs", f"arn:aws:sqs:{region}:210000000001:queue"))]


CASES: list[Case] = [
    Case("sns-residency", delivered("us-east-1"), delivered("eu-west-1"), residency=EU),
    Case("sns-residency", [part("sns/topic:Topic")], [], residency=("eu-west-1",)),
    Case("sns-residency", [subscription(("email", "a@b.example"))], [], residency=("us-east-1",)),
    *each(
        "ecs-architecture",
        lambda v: task({"name": "a", "image": "i"}, runtimePlatform={"cpuArchitecture": v}),
        ["arm64", "x86_64", "AMD64"],
        "ARM64",
    ),
    *each("ecs-network-mode", lambda v: task({"name": "a"}, networkMode=v), ["vpc", "AWSVPC"], "awsvpc"),
    *each(
        "ecs-fargate-size",
        lambda v: task(cpu=v[0], memory=v[1]),
        [("256", "4096"), ("300", "512"), ("1024", "1024"), ("16384", "40000")],
        ("32768", "61440"),
    ),
    *each("ecs-fargate-network", lambda v: task(networkMode=v), ["bridge", "host", None], "awsvpc"),
    *each("ecs-fargate-placement", lambda v: task(placementConstraints=v), [[{"type": "memberOf"}]], []),
    *each("ecs-fargate-modes", lambda v: task(**v), [{"pidMode": "host"}, {"ipcMode": "task"}], {"pidMode": "task"}),
    *each("ecs-fargate-host-path", lambda v: task(volumes=[v]), [{"name": "a", "hostPath": "/x"}], {"name": "a"}),
    *each("ecs-ephemeral-storage", lambda v: task(ephemeralStorage={"sizeInGib": v}), [20, 201], 21),
    *each("ecs-fargate-privileged", lambda v: app(privileged=v), [True], False),
    *each(
        "ecs-fargate-linux",
        lambda v: app(linuxParameters=v),
        [
            {"tmpfs": [{"containerPath": "/t", "size": 1}]},
            {"devices": [{}]},
            {"sharedMemorySize": 64},
            {"capabilities": {"add": ["NET_ADMIN"]}},
        ],
        {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
    ),
    *each("ecs-fargate-hosts", lambda v: app(**v), [{"links": ["a"]}, {"hostname": "h"}, {"extraHosts": [{}]}], {}),
    *each("ecs-host-port", lambda v: app(portMappings=[{"containerPort": 8080, "hostPort": v}]), [80, 8081], 8080),
    *each("ecs-log-driver", lambda v: app(logConfiguration={"logDriver": v}), ["json-file", "syslog"], "awsfirelens"),
    *each("ecs-size", lambda v: app(environment=v), [EIGHT], EIGHT[:7]),
    *each(
        "ecs-containers",
        lambda v: task(containerDefinitions=v),
        ["{", "[]", '{"name": "a"}'],
        '[{"name": "a", "image": "i"}]',
    ),
    *each("ecs-essential", lambda v: app(essential=v), [False], True),
    *each("ecs-container-twice", named, [("a", "a")], ("a", "b")),
    *each("ecs-container-memory", lambda v: app(memory=v), [513, 1024], 512),
    *each(
        "ecs-container-memory",
        lambda v: task({"name": "a", "memoryReservation": 256}, {"name": "b", "memory": v}),
        [257, 512],
        256,
    ),
    *each("ecs-container-cpu", lambda v: task({"name": "a", "cpu": 200}, {"name": "b", "cpu": v}), [57, 256], 56),
    *each("ecs-dependency-circle", circle, ["app", "other"], None),
    *each("ecs-dependency-unknown", lambda v: pair("START", v), ["none", "Other"], "other"),
    *each("ecs-dependency-condition", lambda v: pair(v, essential=False), ["STARTED", "healthy"], "COMPLETE"),
    *each("ecs-dependency-health", lambda v: pair("HEALTHY", healthCheck=v), [None, {}], {"command": ["CMD", "true"]}),
    *each("ecs-essential-dependency", pair, ["SUCCESS", "COMPLETE"], "START"),
    *each("ecs-image", lambda v: app(image=v), [None, ""], "i"),
    *each("ecs-reservation", lambda v: app(memory=128, memoryReservation=v), [129, 256], 128),
    *each(
        "ecs-secret-and-variable",
        lambda v: app(environment=[{"name": v, "value": "x"}], secrets=[{"name": "LOGIN", "valueFrom": "arn:x"}]),
        ["LOGIN"],
        "LOGINS",
    ),
    *each(
        "ecs-variable-twice",
        lambda v: app(environment=[{"name": "A", "value": "1"}, {"name": v, "value": "2"}]),
        ["A"],
        "B",
    ),
    *each("ecs-start-timeout", lambda v: app(startTimeout=v), [1, 121, 300], 120),
    *each("ecs-stop-timeout", lambda v: app(stopTimeout=v), [1, 121], 120),
    *each(
        "ecs-health-command",
        lambda v: app(healthCheck={"command": v}),
        [["true"], [], ["/bin/true", "x"]],
        ["CMD-SHELL", "true"],
    ),
    *each(
        "ecs-health-bounds",
        lambda v: health(**v),
        [{"interval": 4}, {"interval": 301}, {"timeout": 61}, {"retries": 11}, {"startPeriod": 301}],
        {"interval": 5, "timeout": 60, "retries": 10, "startPeriod": 300},
    ),
    *each(
        "ecs-log-options",
        lambda v: log(**v),
        [{"awslogs-group": ""}, {"awslogs-region": ""}, {"awslogs-groups": "g"}, {"max-size": "1"}],
        {"awslogs-stream-prefix": "app", "mode": "non-blocking", "max-buffer-size": "1m"},
    ),
    *each("lambda-timeout", lambda v: function(timeout=v), [0, 901], 900, "turn"),
    *each("lambda-memory", lambda v: function(memorySize=v), [64, 10241], 128, "turn"),
    *each("lambda-ephemeral-storage", lambda v: function(ephemeralStorage={"size": v}), [511, 10241], 512, "turn"),
    *each("lambda-architecture", lambda v: function(architectures=[v]), ["ARM64", "amd64"], "arm64", "turn"),
    *each("lambda-architectures", lambda v: function(architectures=v), [["arm64", "x86_64"]], ["arm64"], "turn"),
    *each("lambda-tracing", lambda v: function(tracingConfig={"mode": v}), ["Passive", "active"], "Active", "turn"),
    *each("lambda-log-format", lambda v: function(loggingConfig={"logFormat": v}), ["json"], "JSON", "turn"),
    *each("lambda-image-registry", image, ["docker.io/app:1", "public.ecr.aws/app@sha256:1", "app"], REGISTRY, "turn"),
    *each("lambda-image-region", image, [REGISTRY.replace("eu-north-1", "us-east-1")], REGISTRY, "turn"),
    *each("lambda-image-missing", image, [None, ""], REGISTRY, "turn"),
    *each(
        "lambda-image-exclusive",
        lambda v: image(REGISTRY, **v),
        [{"handler": "a.b"}, {"runtime": "python3.13"}, {"layers": ["arn:l"]}],
        {},
        "turn",
    ),
    *each("lambda-image-package", lambda v: function(imageUri=REGISTRY, packageType=v), ["Zip", None], "Image", "turn"),
    *each("lambda-variables-size", variables, [{"AB": "x" * 4088}], {"AB": "x" * 4087}, "turn"),
    *each(
        "lambda-variable-reserved",
        variables,
        [{"AWS_REGION": "x"}, {"LAMBDA_TASK_ROOT": "x"}],
        {"AWS_REGIONS": "x"},
        "turn",
    ),
    *each("lambda-variable-name", variables, [{"1A": "x"}, {"A-B": "x"}, {"A": "x"}], {"AB": "x"}, "turn"),
    *each(
        "lambda-network",
        lambda v: function(vpcConfig=v),
        [{"subnetIds": ["s"]}, {"securityGroupIds": ["g"]}],
        {"subnetIds": ["s"], "securityGroupIds": ["g"]},
        "turn",
    ),
    *each(
        "lambda-role",
        lambda v: function(role=v),
        ["turn", "arn:aws:iam::210000000001:user/a"],
        "arn:aws:iam::210000000001:role/turn",
        "turn",
    ),
    *each("secret-recovery-window", field("secretsmanager/secret:Secret", "recoveryWindowInDays"), [1, 6, 31], 7),
    *each("secret-rotation-days", lambda v: rotation(automaticallyAfterDays=v), [-1, 1001], 1000),
    *each(
        "secret-rotation-schedule",
        lambda v: rotation(scheduleExpression=v),
        ["rate(3 hours)", "rate(5 minutes)", "cron(15 3 * * ? *)", "cron(0 3 * * *)", "daily"],
        "cron(0 3 1 * ? *)",
    ),
    *each("secret-rotation-duration", lambda v: rotation(automaticallyAfterDays=30, duration=v), ["25h", "30m"], "3h"),
    *each(
        "secret-rotation-rhythm",
        lambda v: rotation(**v),
        [{}, {"automaticallyAfterDays": 30, "scheduleExpression": "rate(10 days)"}],
        {"automaticallyAfterDays": 30},
    ),
    *each("kms-deletion-window", field("kms/key:Key", "deletionWindowInDays"), [6, 31], 7),
    *each("kms-rotation-period", lambda v: key(enableKeyRotation=True, rotationPeriodInDays=v), [89, 2561], 90),
    *each(
        "kms-rotation-spec",
        lambda v: key(enableKeyRotation=True, customerMasterKeySpec=v),
        ["RSA_2048", "HMAC_256"],
        "SYMMETRIC_DEFAULT",
    ),
    *each("kms-usage", field("kms/key:Key", "keyUsage"), ["ENCRYPT", "encrypt_decrypt"], "ENCRYPT_DECRYPT"),
    *each("iam-session", field("iam/role:Role", "maxSessionDuration"), [43201, 3599], 43200),
    *each("sns-protocol", lambda v: subscription((v, "a@b.example")), ["mail", "EMAIL"], "email"),
    *each(
        "sns-endpoint",
        subscription,
        [("email", "nobody"), ("https", "http://a.example"), ("lambda", "turn"), ("sms", "now"), ("sqs", "queue")],
        ("https", "https://a.example/x"),
    ),
    *each(
        "sns-topic-region", of_topic, ["arn:aws:sns:us-east-1:210000000001:t"], "arn:aws:sns:eu-north-1:210000000001:t"
    ),
    *each("sns-topic-form", of_topic, ["t", "sns:eu-north-1:t"], "arn:aws:sns:eu-north-1:210000000001:t"),
    *each(
        "sns-filter",
        lambda v: part(SUBSCRIPTION, topic="arn:t", protocol="email", endpoint="a@b.example", filterPolicy=v),
        ["{", "[]"],
        '{"a": ["b"]}',
    ),
    *each("sns-fifo-name", lambda v: part("sns/topic:Topic", name=v, fifoTopic=True), ["a"], "a.fifo"),
    *each("sns-fifo-name", field("sns/topic:Topic", "name"), ["a.fifo"], "a"),
]
