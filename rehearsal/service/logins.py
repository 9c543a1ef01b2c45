"""Logging in as a browser does, at a provider on loopback or at the mock that a stack declares."""

import uuid

from rehearsal.service.browser import Browser, HttpAnswer, fetch
from rehearsal.service.trial import StepError, Trial, answers, expect, until

MOCK_ISSUER = "workbuoy:dev-mock"


def issuer_of(trial: Trial) -> str:
    return MOCK_ISSUER if trial.mock_login else trial.surroundings.issuer()


def fill_oidc_secret(trial: Trial) -> None:
    """What an operator does once."""
    arn = trial.declared.service.environment["OIDC_SECRET_ID"]
    trial.cloud.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=uuid.uuid4().hex)


def refused_login(trial: Trial, subject: str) -> None:
    """Whoever is no member gets no session. Raises StepError."""
    expect(_finish_login(trial, trial.browser(), subject), 403)


def logged_in(trial: Trial, subject: str) -> Browser:
    """A browser with a session of this member's. Raises StepError."""
    browser = trial.browser()
    expect(_finish_login(trial, browser, subject), 303)
    who = expect(browser.send("GET", "/api/me"), 200).json()
    if who["subject"] != subject:
        raise StepError(f"{subject} is logged in as {who['subject']}")
    return browser


def _finish_login(trial: Trial, browser: Browser, subject: str) -> HttpAnswer:
    """Go through the login as a browser does, up to the answer that begins a session or refuses."""
    begun = browser.send("GET", "/auth/login")
    if trial.mock_login:
        return browser.send_form("/auth/mock", subject=subject)
    if begun.status == 503:  # the secret may be cached as missing for a second
        there = answers(trial, lambda: browser.send("GET", "/auth/login").status, 303)
        until(there, 10, "login stays unavailable with its secret")
        begun = browser.send("GET", "/auth/login")
    at_provider = expect(begun, 303).headers["location"]
    form = f"sub={subject}".encode()
    answer = fetch(at_provider, "POST", form, **{"Content-Type": "application/x-www-form-urlencoded"})
    return browser.send("GET", expect(answer, 302).headers["location"])
