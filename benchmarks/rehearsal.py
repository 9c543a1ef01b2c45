"""How long a rehearsal takes, beside the floor under it: `python -m benchmarks.rehearsal [--rounds 5]`.

Every measurement is a process of its own, and all of them take turns, so that a busy minute falls on all alike. A
stack is rehearsed with its report and without the service, then with it; what the service's own processes use is in
its wall time only. The floor is what anybody pays who uses the same tools: importing Pulumi, the provider's services
and moto's backends that prod uses, each as `import` reads it, and making boto3's clients. A rehearsal reads less than
that; what it does read is measured as `imports`. Copies are of a database, a bucket, a secret and two roles with what
belongs to them.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.measuring import Measurement, measure, median

ROOT = Path(__file__).parent.parent
COPIES = (1, 10, 50, 100)

# What a rehearsal of the stack has imported from elsewhere when it is done, in that order.
IMPORTED = """
import json, sys, sysconfig
from pathlib import Path
from project.files import find_project
from rehearsal.run import Options
from rehearsal.whole import rehearse_whole
rehearse_whole(find_project(Path.cwd()), sys.argv[1], Options())
elsewhere = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
files = {name: str(getattr(one, "__file__", "")) for name, one in sys.modules.items()}
print(json.dumps([name for name, file in files.items() if file.startswith(elsewhere)]))
"""

# As it was when the limits of docs/speed.md were set against it.
FLOOR = """
import gc
gc.disable()
import os
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
import pulumi, pulumi_aws, pulumi_random
modules = "ec2 vpc kms rds s3 secretsmanager iam cloudwatch sns ecs lb appautoscaling lambda_".split()
classes = (
    "Vpc SecurityGroupIngressRule Key Instance Bucket Secret Role LogGroup Topic Service LoadBalancer Target Function"
)
for module, cls in zip(modules, classes.split(), strict=True):
    getattr(getattr(pulumi_aws, module), cls)
pulumi_random.RandomId
import boto3
from moto import mock_aws
from moto.backends import get_backend
backends = "ec2 kms rds s3 secretsmanager iam logs cloudwatch sns ecs elbv2 applicationautoscaling awslambda acm"
clients = "ec2 kms rds s3 secretsmanager iam logs cloudwatch sns ecs elbv2 application-autoscaling lambda"
with mock_aws():
    for name in backends.split():
        get_backend(name)
    session = boto3.Session(region_name="eu-west-1")
    for name in clients.split():
        session.client(name)
"""

IMPORTS = """
import gc, importlib, json, os, sys
gc.disable()
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
from infra import lazy_provider
lazy_provider.install()
for name in json.load(open(sys.argv[1])):
    importlib.import_module(name)
os._exit(0)  # as a command of ours ends
"""


def floor() -> list[str]:
    """A command that imports what prod uses, and makes its clients."""
    return [sys.executable, "-c", FLOOR]


def imports(stack: str, folder: Path) -> list[str]:
    """A command that imports the very modules that a rehearsal of a stack of this project reads, and none of ours."""
    done = subprocess.run([sys.executable, "-c", IMPORTED, stack], cwd=ROOT, capture_output=True, text=True, check=True)
    names = folder / "imported.json"
    names.write_text(done.stdout)
    return [sys.executable, "-c", IMPORTS, str(names)]


PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

copies = pulumi.Config().require_int("copies")
provider = aws.Provider("aws", region="eu-west-1")
top = pulumi.ResourceOptions(provider=provider)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service):
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=top)
subnets = [
    aws.ec2.Subnet(f"data-{zone}", vpc_id=vpc.id, cidr_block=f"10.0.{n}.0/24", availability_zone=zone, opts=top)
    for n, zone in enumerate(("eu-west-1a", "eu-west-1b"))
]
group = aws.rds.SubnetGroup("data", name="data", subnet_ids=[subnet.id for subnet in subnets], opts=top)
parameters = aws.rds.ParameterGroup("data", name="data", family="postgres17", opts=top)
for number in range(copies):
    name = f"copy-{number}"
    bucket = aws.s3.Bucket(name, bucket=f"benchmark-{name}", tags={"Name": name}, opts=top)
    aws.s3.BucketVersioning(
        name,
        bucket=bucket.id,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
        opts=top,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                    sse_algorithm="aws:kms"
                ),
                bucket_key_enabled=True,
            )
        ],
        opts=top,
    )
    aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=top,
    )
    aws.s3.BucketLifecycleConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="archive",
                status="Enabled",
                filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                transitions=[
                    aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(days=90, storage_class="GLACIER_IR")
                ],
            )
        ],
        opts=top,
    )
    aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": f"arn:aws:s3:::benchmark-{name}/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ),
        opts=top,
    )
    aws.rds.Instance(
        name,
        identifier=name,
        engine="postgres",
        engine_version="17",
        instance_class="db.t4g.small",
        allocated_storage=20,
        storage_type="gp3",
        storage_encrypted=True,
        username="owner",
        manage_master_user_password=True,
        db_subnet_group_name=group.name,
        parameter_group_name=parameters.name,
        backup_retention_period=7,
        deletion_protection=True,
        skip_final_snapshot=False,
        final_snapshot_identifier=f"{name}-final",
        tags={"Name": name},
        opts=top,
    )
    secret = aws.secretsmanager.Secret(name, name=name, description="Login", recovery_window_in_days=30, opts=top)
    aws.secretsmanager.SecretPolicy(
        name,
        secret_arn=secret.arn,
        policy=document(
            {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret", "Resource": "*"}
        ),
        opts=top,
    )
    for kind, service in (("task", "ecs-tasks.amazonaws.com"), ("rotation", "lambda.amazonaws.com")):
        role = aws.iam.Role(f"{name}-{kind}", name=f"{name}-{kind}", assume_role_policy=trust(service), opts=top)
        aws.iam.RolePolicy(
            f"{name}-{kind}",
            name="own",
            role=role.name,
            policy=secret.arn.apply(
                lambda arn: document(
                    {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
                )
            ),
            opts=top,
        )
    aws.cloudwatch.LogGroup(name, name=f"/benchmark/{name}", retention_in_days=30, opts=top)
    aws.cloudwatch.MetricAlarm(
        name,
        name=name,
        alarm_description="CPU",
        namespace="AWS/RDS",
        metric_name="CPUUtilization",
        dimensions={"DBInstanceIdentifier": name},
        statistic="Average",
        period=60,
        evaluation_periods=5,
        threshold=80,
        comparison_operator="GreaterThanThreshold",
        opts=top,
    )
"""
RESOURCES_A_COPY = 15


def write_copies(folder: Path) -> None:
    """A project whose stacks `copies-N` declare N copies."""
    (folder / "Pulumi.yaml").write_text("name: benchmark\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    for number in COPIES:
        (folder / f"Pulumi.copies-{number}.yaml").write_text(f"config:\n  benchmark:copies: {number}\n")


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Runs of each; the median is shown.")
@click.option("--stack", default="prod", show_default=True, help="The stack that is rehearsed.")
def main(rounds: int, stack: str) -> None:
    """Measure rehearsals beside the floor, and print the medians."""
    workbuoy = str(Path(sys.executable).with_name("workbuoy"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_copies(folder)
        commands = {
            "floor": (floor(), ROOT),
            "imports": (imports(stack, folder), ROOT),
            stack: ([workbuoy, "rehearse", stack, "--no-service", "--report", str(folder / "report.html")], ROOT),
            f"{stack} + service": ([workbuoy, "rehearse", stack], ROOT),
            "declare only": ([workbuoy, "rehearse", stack, "--declare-only"], ROOT),
            **{f"{number} copies": ([workbuoy, "rehearse", f"copies-{number}"], folder) for number in COPIES},
        }
        found: dict[str, list[Measurement]] = {name: [] for name in commands}
        for turn in range(rounds):
            click.echo(f"round {turn + 1} of {rounds} ...", err=True)
            for name, (command, place) in commands.items():
                found[name].append(measure(command, place))
    _print({name: median(runs) for name, runs in found.items()})


def _print(medians: dict[str, Measurement]) -> None:
    floor, first = medians["floor"], medians["1 copies"]
    click.echo(f"{'':16}{'wall s':>8}{'CPU s':>8}{'x floor':>9}{'peak MB':>9}{'ms a resource':>15}")
    for name, one in medians.items():
        number = int(name.split()[0]) if name.endswith("copies") else 0
        further = (number - 1) * RESOURCES_A_COPY  # resources beyond the first copy
        each = f"{(one.wall - first.wall) / further * 1000:15.1f}" if number > 1 else ""
        click.echo(f"{name:16}{one.wall:8.2f}{one.cpu:8.2f}{one.wall / floor.wall:9.2f}{one.peak:9.0f}{each}")


if __name__ == "__main__":
    main()
