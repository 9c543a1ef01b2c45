"""The image at work: read-only, as its user, without capabilities."""

import json
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from rehearsal.image import Unpacked
from rehearsal.service.browser import Browser, fetch
from rehearsal.service.lambda_runtime import InvocationError, lambda_runtime
from rehearsal.service.ports import free_port
from rehearsal.service.processes import NotToBeHadError, Process, started
from rehearsal.service.span_receiver import ENDPOINT, span_receiver
from rehearsal.service.surroundings import Owner, Surroundings
from tests.image.conftest import APP, ROOT
from tests.image.container import Container

pytestmark = pytest.mark.slow

REGION = "eu-west-1"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
FILE = bytes(range(256)) * 20_480  # 5 MB
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ASK_WHO = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
def writable(path):
    try:
        os.close(os.open(path + "/probe", os.O_CREAT | os.O_WRONLY))
    except OSError:
        return False
    return True
folders = [path for path, _, _ in os.walk("/") if not path.startswith("/proc") and writable(path)]
print(json.dumps({"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "writable": folders,
    "capabilities": [status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")],
    "no_new_privileges": status["NoNewPrivs"].strip()}))
"""
ASK_CLIENTS = """
import json, sys
sys.path.append("/usr/lib/workbuoy")
from botocore.session import get_session
session = get_session()
def can(name):
    try:
        session.create_client(name, region_name="eu-west-1")
    except Exception as error:
        return type(error).__name__
    return "made"
print(json.dumps({name: can(name) for name in sys.argv[1:]}))
"""
IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.append("/usr/lib/workbuoy")
import workbuoy_app
skipped = ("workbuoy_app.__main__", "workbuoy_app.migrations.env")
names = [module.name for module in pkgutil.walk_packages(workbuoy_app.__path__, "workbuoy_app.")]
for name in names:
    if name not in skipped:
        importlib.import_module(name)
import awslambdaric.bootstrap, uvloop, httptools, psycopg_binary, psycopg_pool, cryptography.x509, alembic.command
print(len(names))
"""


def run(runnable: Unpacked, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """One command of the image, to its end."""
    with Container(runnable, command, environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as container:
        out, complaints = container.process.communicate(timeout=600)
    return subprocess.CompletedProcess(command, container.process.returncode, out.decode(), complaints.decode())


@contextmanager
def serving(runnable: Unpacked, environment: Mapping[str, str], log: Path) -> Iterator[tuple[Container, int, int]]:
    """The service, ready; its port and that of its metrics."""
    port, metrics_port = free_port(), free_port()
    own = {"HOST": "127.0.0.1", "PORT": str(port), "METRICS_PORT": str(metrics_port), **environment}
    with log.open("wb") as out, Container(runnable, ["serve"], own, stdout=out, stderr=out) as container:
        deadline = time.monotonic() + 300
        while not ready(port):
            assert container.process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield container, port, metrics_port


def ready(port: int) -> bool:
    try:
        return fetch(f"http://127.0.0.1:{port}/readyz").status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def owner(runnable: Unpacked) -> Iterator[Owner]:  # noqa: ARG001 no Postgres where there is no image
    with Surroundings(APP, {}) as surroundings:
        try:
            yield surroundings.postgres()
        except NotToBeHadError as reason:
            pytest.skip(f"no Postgres: {reason}")


@pytest.fixture(scope="module")
def aws(runnable: Unpacked) -> Iterator[str]:  # noqa: ARG001
    """moto in a process of its own; other tests share the one in ours."""
    port = free_port()
    server = ROOT / ".venv/bin/moto_server"
    with started(Process([str(server), "-H", "127.0.0.1", "-p", str(port)], {})) as process:
        deadline = time.monotonic() + 300
        while True:
            try:
                fetch(f"http://127.0.0.1:{port}/moto-api/")
                break
            except OSError:
                assert not process.ended, process.lines
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def member(runnable: Unpacked, owner: Owner) -> dict[str, str]:
    """The settings of a migrated database that knows one member."""
    address = f"postgresql://{owner.user}:{owner.password}@{owner.host}:{owner.port}/{owner.database}"
    settings = {"DATABASE_URL": address, "OIDC_DEV_MOCK": "1", "PUBLIC_URL": "http://localhost:8080"}
    assert run(runnable, ["migrate"], settings).returncode == 0
    assert run(runnable, ["migrate"], settings).returncode == 0
    tenant = run(runnable, ["tenant", "add", "acme"], settings)
    assert tenant.returncode == 0, tenant.stderr
    who = ["--issuer", "workbuoy:dev-mock", "--subject", "ada"]
    added = run(runnable, ["member", "add", "--tenant", "acme", *who], settings)
    assert added.returncode == 0, added.stderr
    return settings


@pytest.mark.parametrize("storage", ["the database", "S3"])
def test_it_serves_and_takes_five_megabytes(
    runnable: Unpacked, member: Mapping[str, str], aws: str, storage: str, tmp_path: Path
) -> None:
    settings = dict(member)
    if storage == "S3":
        bucket = f"files-{uuid.uuid4()}"
        boto3.client(
            "s3", region_name=REGION, endpoint_url=aws, aws_access_key_id="test", aws_secret_access_key="test"
        ).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        settings |= {
            "S3_BUCKET": bucket,
            "S3_REGION": REGION,
            "S3_ENDPOINT": aws,
            "S3_FORCE_PATH_STYLE": "true",
            **KEYS,
        }
    with (
        span_receiver() as receiver,
        serving(runnable, settings | {ENDPOINT: receiver.address}, tmp_path / "log") as (container, port, metrics_port),
    ):
        assert "http_requests" in fetch(f"http://127.0.0.1:{metrics_port}/metrics").body.decode()
        browser = Browser(settings["PUBLIC_URL"], port)
        assert browser.send_form("/auth/mock", subject="ada").status == 303
        thing = browser.send_json("POST", "/api/things", {"title": "A thing"}).json()
        path = f"/api/things/{thing['id']}/attachments"
        uploaded = browser.send("POST", f"{path}?name=five.bin", FILE, "application/octet-stream")
        assert uploaded.status == 201, uploaded.body
        download = browser.send("GET", f"{path}/{uploaded.json()['id']}/content")
        if download.status in {302, 303, 307}:
            download = fetch(download.headers["location"])
        assert download.body == FILE
        assert fetch(f"http://127.0.0.1:{port}/api/me", traceparent=f"00-{TRACE}-{TRACE[:16]}-01").status == 401
        assert container.stop() == 0
    assert bytes.fromhex(TRACE) in b"".join(receiver.bodies), "the image exports no spans by the SDK that it carries"
    for line in (tmp_path / "log").read_text().splitlines():
        assert "level" in json.loads(line)


def test_it_runs_as_its_user_without_rights_and_writes_nowhere(
    runnable: Unpacked, member: Mapping[str, str], tmp_path: Path
) -> None:
    with serving(runnable, member, tmp_path / "log") as (container, _, _):
        who = json.loads(container.run(["python3.13", "-c", ASK_WHO]).stdout)
    assert (who["uid"], who["gid"], who["groups"]) == (10001, 10001, [])
    assert set(who["capabilities"]) == {"0000000000000000"}
    assert who["no_new_privileges"] == "1"
    assert who["writable"] == []


def test_the_health_check_of_the_task_runs_without_a_shell(
    runnable: Unpacked, member: Mapping[str, str], tmp_path: Path
) -> None:
    with serving(runnable, member, tmp_path / "log") as (container, _, _):
        assert container.run(["workbuoy-app", "health"]).returncode == 0


def test_its_own_memory_limit_holds(runnable: Unpacked, member: Mapping[str, str], tmp_path: Path) -> None:
    with serving(runnable, member, tmp_path / "log") as (container, _, _):
        assert 10e6 < container.memory_bytes() < 120e6
        greedy = container.run(["python3.13", "-c", "b = bytearray(700 << 20); print(len(b))"])
        assert greedy.returncode != 0
        assert greedy.stdout == ""


def test_every_module_of_the_service_can_be_imported(
    runnable: Unpacked, member: Mapping[str, str], tmp_path: Path
) -> None:
    with serving(runnable, member, tmp_path / "log") as (container, _, _):
        imported = container.run(["python3.13", "-c", IMPORT_ALL])
    assert imported.returncode == 0, imported.stderr
    assert int(imported.stdout) > 20


def test_clients_can_be_made_of_the_services_that_it_uses_and_of_no_other(
    runnable: Unpacked, member: Mapping[str, str], tmp_path: Path
) -> None:
    with serving(runnable, member, tmp_path / "log") as (container, _, _):
        made = json.loads(container.run(["python3.13", "-c", ASK_CLIENTS, "s3", "secretsmanager", "dynamodb"]).stdout)
    assert made == {"s3": "made", "secretsmanager": "made", "dynamodb": "UnknownServiceError"}


def test_lambda_can_rotate_in_it(runnable: Unpacked, owner: Owner, aws: str, tmp_path: Path) -> None:
    secrets = boto3.client(
        "secretsmanager", region_name=REGION, endpoint_url=aws, aws_access_key_id="test", aws_secret_access_key="test"
    )
    login = secrets.create_secret(Name="login")["ARN"]
    managed = json.dumps({"username": owner.user, "password": owner.password})
    token, log = str(uuid.uuid4()), tmp_path / "log"
    with lambda_runtime("arn:aws:lambda:eu-west-1:123456789012:function:rotation") as runtime, log.open("wb") as out:
        environment = {
            "AWS_LAMBDA_RUNTIME_API": runtime.address,
            "AWS_LAMBDA_FUNCTION_NAME": "rotation",
            "AWS_ENDPOINT_URL": aws,
            "NODE_ENV": "development",  # for this Postgres has no TLS; `rehearse --image` tries it with
            "DATABASE_URL": f"postgresql://{owner.host}:{owner.port}/{owner.database}",
            "DATABASE_OWNER_SECRET_ID": secrets.create_secret(Name="owner", SecretString=managed)["ARN"],
            **KEYS,
        }
        with Container(runnable, ["rotate"], environment, stdout=out, stderr=out) as container:
            for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
                runtime.invoke({"SecretId": login, "ClientRequestToken": token, "Step": step})
            with pytest.raises(InvocationError, match="unknown step"):
                runtime.invoke({"SecretId": login, "ClientRequestToken": token, "Step": "nonsense"})
            assert container.stop() == 0
    value = json.loads(secrets.get_secret_value(SecretId=login)["SecretString"])
    assert value["username"].startswith("workbuoy")
    assert value["password"] not in log.read_text()
    assert owner.password not in log.read_text()


def test_sigterm_ends_it_while_it_still_starts(runnable: Unpacked) -> None:
    """Not by the signal that kills, after the seconds that ECS waits."""
    settings = {
        "DATABASE_URL": "postgresql://u:p@127.0.0.1:9/x",
        "OIDC_DEV_MOCK": "1",
        "PUBLIC_URL": "http://localhost",
    }
    with Container(runnable, ["serve"], settings | {"HOST": "127.0.0.1", "PORT": str(free_port())}) as container:
        deadline = time.monotonic() + 60
        while "running" not in runnable.ask("list").stdout:
            assert time.monotonic() < deadline
        time.sleep(0.3)  # Python itself begins; what the service needs is loaded for longer than that
        assert container.stop() in {0, 128 + signal.SIGTERM}


def test_a_failed_start_says_why_and_leaves_nothing(runnable: Unpacked) -> None:
    failed = run(runnable, ["serve"], {"DATABASE_URL": "mysql://nowhere"})
    assert failed.returncode == 1
    assert "DATABASE_URL" in failed.stderr
    listed = runnable.ask("list", "--quiet")
    assert listed.stdout.strip() == ""
