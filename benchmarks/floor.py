"""The floor under a rehearsal, which benchmarks.speed measures beside it.

It is what anybody pays who uses the same tools: importing Pulumi, the provider's services and moto's backends that prod
uses, each as `import` reads it, and making boto3's clients. A rehearsal reads less than that; what it does read is
measured as `imports`.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

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
