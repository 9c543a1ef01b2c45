"""The rehearsal's service, scraped by a real Prometheus under traffic: panels have lines, and faults fire their alerts.

Alerts do not wait here before they fire; how long they do is tried by promtool (`test_alerts.py`).
"""

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from operations.monitor import watched_in
from project.files import find_project
from rehearsal.cloud import running
from rehearsal.run import Options, rehearse
from rehearsal.scratch import scratch
from rehearsal.service import logins, steps
from rehearsal.service.declared import declared_service
from rehearsal.service.run import opened_trial
from rehearsal.service.surroundings import Surroundings
from rehearsal.service.trial import Trial
from tests.conftest import PROJECT
from tests.monitoring.prometheus import Prometheus, scraping
from tests.monitoring.promql import everything
from tests.rehearsal.service.test_surroundings import APP, installed

pytestmark = [
    pytest.mark.slow,
    installed,
    pytest.mark.skipif(
        shutil.which("prometheus") is None, reason="prometheus is not installed: apt-get install prometheus"
    ),
]
BEFORE = (
    *(steps.start_postgres, steps.make_first_login, steps.migrate, steps.start_service, steps.enrol),
    *(steps.become_ready, steps.log_in, steps.store_record, steps.store_attachment),
)
TASK_ROLE = "workbuoy-prod-service-task"
# Holds every read up for as long as somebody holds the lock; runs in the service's environment, which has a driver.
LOCK = """
import sys, time, psycopg
with psycopg.connect(sys.argv[1]) as connection:
    connection.execute("lock table things in access exclusive mode")
    print("locked", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@dataclass
class Told:
    """What was seen, for the tests to judge."""

    calm: set[tuple[str, str]] = field(default_factory=set)
    without_series: list[str] = field(default_factory=list)
    unlike_their_legend: list[str] = field(default_factory=list)
    asked: int = 0
    exemplars: list[str] = field(default_factory=list)
    logged: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def told() -> Told:
    """Everything in its order: calm, slow, without bucket, login and database, and at last gone.

    However pytest ends, by SIGTERM too, the scratch folder's janitor ends Postgres, Prometheus and the service.
    """
    told, watched = Told(), watched_in(find_project(PROJECT), "prod")[0]
    with scratch() as folder, Surroundings(APP) as surroundings, running() as moto:
        rehearsal = rehearse(find_project(PROJECT), "prod", Options(), moto)
        cloud = moto.cloud(rehearsal.account, rehearsal.region)
        with opened_trial(declared_service(rehearsal), cloud, surroundings) as trial:
            for step in BEFORE:
                step(trial)
            with scraping(watched, trial.ports[1], folder / "prometheus") as prometheus:
                prometheus.await_series(f"up{{{watched.selector}}} == 1")
                use(trial, 60)
                prometheus.await_series('stack:workbuoy_errors:budget_left{stack="prod"} == 1')
                time.sleep(1)
                told.calm = prometheus.firing()
                buckets = f"workbuoy_http_request_duration_seconds_bucket{{{watched.selector}}}"
                told.exemplars = [one["labels"]["request_id"] for one in prometheus.exemplars(buckets)]
                assert trial.service is not None
                told.logged = {json.loads(line).get("request_id", "") for line in list(trial.service.lines)}
                slow_database(trial, prometheus)
                no_bucket(trial, prometheus)
                no_login(trial, prometheus)
                ask_everything(prometheus, told)
                no_database(trial, prometheus)
                gone(trial, prometheus)
    return told


def use(trial: Trial, times: int) -> None:
    """What members do: read, write, miss, store, log in."""
    ada = trial.ada
    assert ada is not None
    for number in range(times):
        ada.send("GET", "/api/things")
        ada.send("GET", trial.thing_path)
        if number % 10 == 0:
            ada.send_json("POST", "/api/things", {"title": f"Thing {number}"})
            ada.send("GET", "/api/things/00000000-0000-7000-8000-000000000000")
            ada.send("POST", f"{trial.thing_path}/attachments?name=a", b"x", "application/octet-stream")
            trial.browser().send("GET", "/api/me")
    logins.logged_in(trial, trial.members[0][1])


@contextmanager
def locked(trial: Trial, seconds: float) -> Iterator[None]:
    owner = trial.owner
    assert owner is not None
    url = f"postgresql://{owner.user}:{owner.password}@{owner.host}:{owner.port}/{owner.database}"
    command = [str(APP / ".venv/bin/python"), "-c", LOCK, url, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield
        process.wait(timeout=300)


def at_once(trial: Trial, requests: int) -> None:
    """Reads side by side, more than the pool has connections; whatever comes of them."""
    ada = trial.ada
    assert ada is not None
    with ThreadPoolExecutor(requests) as pool:
        for _ in range(requests):
            pool.submit(ada.send, "GET", "/api/things")


def slow_database(trial: Trial, prometheus: Prometheus) -> None:
    """A migration that locks, say: reads take over a second, and some have no connection."""

    def lock_once() -> None:
        with locked(trial, 1.2):
            readers = threading.Thread(target=at_once, args=(trial, 30))
            readers.start()
            ends = time.monotonic() + 1
            while time.monotonic() < ends:
                seen.update(prometheus.firing())
                time.sleep(0.05)
            readers.join()

    seen = set[tuple[str, str]]()
    for _ in range(3):
        lock_once()
    assert ("database-pool", "ticket") in seen
    prometheus.await_firing({("service-response-time", "page"), ("service-response-time", "ticket")})


def no_bucket(trial: Trial, prometheus: Prometheus) -> None:
    """The task's role may store no longer."""
    iam = trial.cloud.client("iam")
    document = iam.get_role_policy(RoleName=TASK_ROLE, PolicyName="permissions")["PolicyDocument"]
    for statement in document["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != "s3:PutObject"] or ["s3:ListAllMyBuckets"]
    iam.put_role_policy(RoleName=TASK_ROLE, PolicyName="permissions", PolicyDocument=json.dumps(document))
    trial.gate.forget_policies()
    ada = trial.ada
    assert ada is not None

    def upload() -> None:
        ada.send("POST", f"{trial.thing_path}/attachments?name=b", b"x", "application/octet-stream")

    prometheus.await_firing({("storage-failures", "ticket")}, upload)


def no_login(trial: Trial, prometheus: Prometheus) -> None:
    """The provider goes away while a member is about to come back from it."""

    def come_back() -> None:
        browser = trial.browser()
        state = re.search(r"state=([^&]+)", browser.send("GET", "/auth/login").headers.get("location", ""))
        browser.send("GET", f"/auth/callback?code=x&state={state[1] if state else ''}")

    provider = trial.surroundings._provider
    assert provider is not None
    provider.stop()
    prometheus.await_firing({("login-unavailable", "page")}, come_back)


def ask_everything(prometheus: Prometheus, told: Told) -> None:
    """Each expression; of an alert, without the limit that keeps it silent."""
    watched = watched_in(find_project(PROJECT), "prod")[0]
    for one in everything(watched):
        inside = re.sub(r"^absent\((.*)\)$", r"\1", re.sub(r" (?:>|==) [\d.e+-]+", "", one.expression))
        series = prometheus.ask(inside)
        told.asked += 1
        if not series:
            told.without_series.append(f"{one.who}: {inside}")
        shown = set(re.findall(r"\{\{(\w+)\}\}", one.legend))
        told.unlike_their_legend += [one.who for each in series if not shown <= set(each["metric"])]


def no_database(trial: Trial, prometheus: Prometheus) -> None:
    """The instance is gone: a storm of 5xx."""
    assert trial.front is not None
    trial.front.close()
    prometheus.await_firing(
        {("service-errors", "page"), ("service-errors", "ticket"), ("database-unreachable", "page")},
        lambda: at_once(trial, 10),
    )


def gone(trial: Trial, prometheus: Prometheus) -> None:
    """The task ends, and then nothing is found any more."""
    assert trial.service is not None
    trial.service.stop()
    prometheus.await_firing({("service-unhealthy-tasks", "page")})
    prometheus.targets.write_text("[]")
    prometheus.await_firing({("service-not-scraped", "page")})


def test_no_alert_fires_while_all_is_well_and_each_fault_fires_its_own(told: Told) -> None:
    """The faults are awaited one by one as they are planted: the fixture fails with the alert that does not fire."""
    assert told.calm == set()


def test_every_expression_of_every_rule_and_panel_has_series(told: Told) -> None:
    assert told.without_series == []
    assert told.asked > 70


def test_every_line_of_a_panel_has_the_labels_of_its_legend(told: Told) -> None:
    assert told.unlike_their_legend == []


def test_a_bucket_leads_to_the_log_lines_of_a_request_in_it(told: Told) -> None:
    unlogged = set(told.exemplars) - told.logged
    assert told.exemplars
    assert len(unlogged) < len(set(told.exemplars))  # health checks are counted and not logged
