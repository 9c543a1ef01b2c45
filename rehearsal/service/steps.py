"""What is tried, in order. Each step returns a detail for the report, or raises StepError."""

import json
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from rehearsal.service.browser import fetch, origin_of
from rehearsal.service.lambda_runtime import InvocationError, lambda_runtime
from rehearsal.service.logins import fill_oidc_secret, issuer_of, logged_in, refused_login
from rehearsal.service.processes import Process, started
from rehearsal.service.removing import remove_attachment
from rehearsal.service.rights import act_as_aws, stay_within_boundary
from rehearsal.service.spans import ask_sampled, find_spans
from rehearsal.service.tasks import COMMAND_TIMEOUT_SECONDS, begin, finish, found_tenant, refuse_on_duty, run_as_owner
from rehearsal.service.tls import tls_front
from rehearsal.service.trial import StepError, Trial, answers, expect, until
from rehearsal.service.watching import Watcher

MIGRATE_TIMEOUT_SECONDS = 100  # the image promises as much
READY_TIMEOUT_SECONDS = 30
ATTACHMENT = os.urandom(512) * 2048  # 1 MiB
ROTATION_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
READERS, READS_EACH = 2, 40  # at least so many; they read on until the last fault is over
PAUSE_SECONDS = 0.01

Action = Callable[[Trial], str]


def start_postgres(trial: Trial) -> str:
    """A Postgres behind TLS under the declared address, its owner in the secret that RDS would fill."""
    trial.owner = owner = trial.surroundings.postgres()
    front = tls_front(trial.folder, trial.declared.database_address, (owner.host, owner.port))
    trial.front = trial.stack.enter_context(front)
    value = json.dumps({"username": owner.user, "password": owner.password})
    trial.cloud.client("secretsmanager").put_secret_value(SecretId=trial.declared.owner_secret_arn, SecretString=value)
    return f"TLS as {trial.declared.database_address.partition('.')[0]}"


def make_first_login(trial: Trial) -> str:
    """The rotation function, on a secret without any value, makes roles and login; `migrate` starts beside it.

    AWS orders neither: both make the roles, under one lock.
    """
    trial.runtime = trial.stack.enter_context(lambda_runtime(trial.declared.rotation_function_arn))
    environment = trial.function_environment()
    trial.stack.enter_context(started(trial.programs.begin(trial.declared.rotation_arguments, environment)))
    migrate = trial.declared.migrate
    trial.migration = begin(trial, migrate, migrate.arguments)
    rotate(trial)
    return "four steps, by the function itself"


def migrate(trial: Trial) -> str:
    """`migrate` with the owner's login, which the execution role injects."""
    assert trial.migration is not None  # noqa: S101  make_first_login comes first
    finish(trial.migration, "migrate", MIGRATE_TIMEOUT_SECONDS)
    return "begun beside the rotation"


def enrol(trial: Trial) -> str:
    """Tenants with a member each, by tasks that nobody on duty may start; meanwhile, a login waits for its secret."""
    issuer = issuer_of(trial)

    def found(tenant: str, subject: str) -> None:
        """With the first tenant's go another member's coming and going, noted in the erasure ledger first."""
        found_tenant(trial, tenant, subject)
        if tenant == trial.members[0][0]:
            identity = ("--issuer", issuer, "--subject", "leaver")
            run_as_owner(trial, ("member", "add", "--tenant", tenant, *identity), COMMAND_TIMEOUT_SECONDS)
            run_as_owner(trial, ("member", "remove", *identity), COMMAND_TIMEOUT_SECONDS)

    with ThreadPoolExecutor(3) as pool:
        founding = [pool.submit(found, *pair) for pair in trial.members]
        letting_in = ("member", "add", "--tenant", "any", "--issuer", issuer, "--subject", "nobody")
        founding.append(pool.submit(refuse_on_duty, trial, letting_in, COMMAND_TIMEOUT_SECONDS))
        if not trial.mock_login:
            founding.append(pool.submit(_give_login_its_secret, trial))
    for one in founding:
        one.result()
    return " and ".join(tenant for tenant, _ in trial.members)


def start_service(trial: Trial) -> str:
    """The service by its entry point, with the task's environment and its role's credentials."""
    environment = trial.task_environment(trial.declared.service)
    service = trial.programs.begin(trial.declared.service.arguments, environment)
    trial.service = trial.stack.enter_context(started(service))
    return "as the task definition says"


def become_ready(trial: Trial) -> str:
    """It answers /readyz."""
    ready = answers(trial, lambda: trial.status_of("/readyz"), 200)
    until(ready, READY_TIMEOUT_SECONDS, _not_ready(trial), trial.service)
    trial.watcher = Watcher(trial.ports[1])
    trial.stack.callback(trial.watcher.stop)
    trial.watcher.start()
    return "/readyz answers" if trial.mock_login else "/readyz answers; login waited for its secret"


def log_in(trial: Trial) -> str:
    """A member logs in, with PKCE, at a provider on loopback; or at the mock, where the stack declares it."""
    _mark(trial, "a member logs in" + ("" if trial.mock_login else "; a 503 is told until the new secret is looked up"))
    trial.ada = logged_in(trial, trial.members[0][1])
    refused_login(trial, "stranger")
    return "at the mock" if trial.mock_login else "code flow at a real provider"


def store_record(trial: Trial) -> str:
    """A thing is made, changed, found."""
    ada = trial.member
    made = expect(ada.send_json("POST", "/api/things", {"title": "Anchor", "body": "Rehearsed"}), 201).json()
    trial.thing_path = f"/api/things/{made['id']}"
    expect(ada.send_json("PUT", trial.thing_path, {"title": "Anchor", "body": "Twice", "status": "done"}), 200)
    found = expect(ada.send("GET", trial.thing_path), 200).json()
    if found["body"] != "Twice":
        raise StepError(f"the thing came back as {found['body']!r}")
    return "made, changed, found"


def store_attachment(trial: Trial) -> str:
    """An attachment goes to the bucket and comes back through a signed address."""
    ada = trial.member
    path = f"{trial.thing_path}/attachments"
    made = expect(ada.send("POST", f"{path}?name=photo.bin", ATTACHMENT, "application/octet-stream"), 201).json()
    trial.content_path = f"{path}/{made['id']}/content"
    trial.object_address = expect(ada.send("GET", trial.content_path), 307).headers["location"]
    if fetch(trial.object_address).body != ATTACHMENT:
        raise StepError("the attachment came back changed")
    _expect_readable_by_own_pages_alone(trial)
    return "1 MiB, through a signed address, to own pages"


def _expect_readable_by_own_pages_alone(trial: Trial) -> None:
    """A browser lets a page read the object only where the bucket names the page's origin."""
    own = origin_of(trial.public_url)
    for origin, told in ((own, own), ("https://elsewhere.example", None)):
        found = fetch(trial.object_address, Origin=origin).headers.get("access-control-allow-origin")
        if found != told:
            raise StepError(f"pages of {origin} are told {found} by the bucket's CORS rule, not {told}")


def refuse_other_tenant(trial: Trial) -> str:
    """Another tenant's member gets neither the record nor the object; nor does anyone without a signature."""
    (first, _), (second, subject), *_ = trial.members
    grace = logged_in(trial, subject)
    for path in (trial.thing_path, trial.content_path, f"{trial.thing_path}/attachments"):
        expect(grace.send("GET", path), 404)
    expect(grace.send("DELETE", trial.thing_path), 404)
    if expect(grace.send("GET", "/api/things"), 200).json()["items"]:
        raise StepError(f"{second} sees things of {first} in its list")
    bare = urlsplit(trial.object_address)._replace(query="").geturl()
    if fetch(bare).status != 403:
        raise StepError("the object can be read without a signature")
    return "record and object"


def rotate_in_traffic(trial: Trial) -> str:
    """Two rotations and a cut of all connections, while readers read: no request fails."""
    ada = trial.member
    failed: list[str] = []
    read = [0]
    ended = threading.Event()

    def keep_reading() -> None:
        left = READS_EACH
        while not ended.wait(PAUSE_SECONDS) or left > 0:
            left -= 1
            try:
                status = ada.send("GET", trial.thing_path).status
            except OSError as error:
                failed.append(repr(error))
                continue
            read[0] += 1
            if status != 200:
                failed.append(str(status))

    readers = [threading.Thread(target=keep_reading) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        for number in ("first", "second"):
            _mark(trial, f"the {number} rotation of the login, in mid-traffic")
            rotate(trial)
        _mark(trial, "all connections to the database are cut")
        cut = trial.front.drop_connections() if trial.front else 0
        expect(ada.send("GET", trial.thing_path), 200)
    finally:
        ended.set()
        for reader in readers:
            reader.join()
    if failed:
        raise StepError(f"{len(failed)} of {read[0]} requests failed: {', '.join(sorted(set(failed))[:3])}")
    return f"2 rotations, {cut} connections cut, {read[0]} requests, none failed"


def _mark(trial: Trial, what: str) -> None:
    if trial.watcher is not None:
        trial.watcher.mark(what)


def scrape_metrics(trial: Trial) -> str:
    """Metrics are on their own port, by route template, and not on the public one."""
    text = fetch(f"http://127.0.0.1:{trial.ports[1]}/metrics").body.decode()
    if "/api/things/{thing_id}" not in text:
        raise StepError("no metric of the route /api/things/{thing_id}")
    if trial.status_of("/metrics") != 404:
        raise StepError("/metrics answers on the public port")
    return f"{sum(not line.startswith('#') for line in text.splitlines())} series"


def stop_service(trial: Trial) -> str:
    """SIGTERM ends it cleanly; every line it wrote is JSON and holds no secret."""
    service = _service(trial)
    if trial.watcher is not None:
        trial.watcher.stop()
    status = service.stop()
    if status != 0:
        raise StepError(f"the service ended with {status} on SIGTERM")
    secrets = _secret_values(trial)
    for line in service.lines:
        try:
            json.loads(line)
        except ValueError:
            raise StepError(f"a log line is not JSON: {line[:120]}") from None
        if any(secret in line for secret in secrets):
            raise StepError("a log line holds a secret")
    return f"status 0, {len(service.lines)} log lines"


DATABASE_STEPS: tuple[tuple[str, Action], ...] = (
    ("Postgres behind the declared address", start_postgres),
    ("rotation makes the first login", make_first_login),
    ("migrate as the owner", migrate),
)
STEPS: tuple[tuple[str, Action], ...] = (
    *DATABASE_STEPS,
    ("the service starts", start_service),
    ("tenants and members", enrol),
    ("the service is ready", become_ready),
    ("login", log_in),
    ("a record", store_record),
    ("an attachment", store_attachment),
    ("another tenant is refused", refuse_other_tenant),
    ("an attachment deleted, an upload broken off", remove_attachment),
    ("rotation in mid-traffic", rotate_in_traffic),
    ("metrics", scrape_metrics),
    ("a clean stop, clean logs", stop_service),
    ("what AWS does in the roles' names", act_as_aws),
    ("roles within the boundary", stay_within_boundary),
)
SPANS: tuple[tuple[str, Action], ...] = (("a request in a trace", ask_sampled), ("its spans arrive", find_spans))


def steps_with(further: Sequence[tuple[str, Action]], trial: Trial) -> tuple[tuple[str, Action], ...]:
    """All steps, with further ones once tenants have been told apart and the service still runs."""
    asked, found = (SPANS[:1], SPANS[1:]) if trial.spans is not None else ((), ())
    at, end = _place(refuse_other_tenant) + 1, _place(stop_service)
    return (*STEPS[:at], *further, *STEPS[at:end], *asked, STEPS[end], *found, *STEPS[end + 1 :])


def _place(of: Action) -> int:
    return next(place for place, (_, step) in enumerate(STEPS) if step is of)


def rotate(trial: Trial) -> None:
    """What Secrets Manager does: one version, four steps."""
    assert trial.runtime is not None  # noqa: S101  make_first_login comes first
    token = str(uuid.uuid4())
    for step in ROTATION_STEPS:
        event = {"SecretId": trial.declared.rotated_secret_arn, "ClientRequestToken": token, "Step": step}
        try:
            trial.runtime.invoke(event)
        except InvocationError as error:
            raise StepError(f"{step}: {error}") from None


def _give_login_its_secret(trial: Trial) -> None:
    """Until an operator fills it, login is unavailable and the rest runs."""
    why = f"/healthz did not answer within {READY_TIMEOUT_SECONDS} s"
    until(lambda: trial.status_of("/healthz") == 200, READY_TIMEOUT_SECONDS, why, trial.service)
    expect(trial.browser().send("GET", "/auth/login"), 503)
    fill_oidc_secret(trial)


def _not_ready(trial: Trial) -> str:
    return f"not ready within {READY_TIMEOUT_SECONDS} s on port {trial.ports[0]}"


def _service(trial: Trial) -> Process:
    assert trial.service is not None  # noqa: S101  start_service comes first
    return trial.service


def _secret_values(trial: Trial) -> list[str]:
    """Every password that any secret holds now."""
    client = trial.cloud.client("secretsmanager")
    arns = (trial.declared.rotated_secret_arn, trial.declared.owner_secret_arn)
    answers = [client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT") for arn in arns]
    return [json.loads(answer["SecretString"])["password"] for answer in answers]
