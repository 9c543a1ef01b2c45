"""One person of a tenant: who works in it, is exported, is erased, and does not come back with a restored copy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.service.browser import Browser
from rehearsal.service.logins import issuer_of, logged_in
from rehearsal.service.restoring import TIMEOUT_SECONDS
from rehearsal.service.tasks import begin, ended, run_as_owner, verdict
from rehearsal.service.trial import StepError, Trial, expect

SUBJECT = "kari"
CONTENT = b"what one person attached"


@dataclass
class OnePerson:
    """The steps, each as the task that a person on duty would start, under that task's own role."""

    member: str = ""
    browser: Browser | None = None
    thing: str = ""
    exported: Mapping[str, Any] = field(default_factory=dict)

    def work(self, trial: Trial) -> None:
        """Log in, write, attach."""
        identity = ("--issuer", issuer_of(trial), "--subject", SUBJECT)
        run_as_owner(trial, ("member", "add", "--tenant", _tenant(trial), *identity), TIMEOUT_SECONDS)
        self.browser = logged_in(trial, SUBJECT)
        self.member = str(expect(self.browser.send("GET", "/api/me"), 200).json()["member_id"])
        made = expect(self.browser.send_json("POST", "/api/things", {"title": "Kari's"}), 201).json()
        self.thing = f"/api/things/{made['id']}"
        expect(self.browser.send("POST", f"{self.thing}/attachments?name=kari.txt", CONTENT, "text/plain"), 201)

    def export(self, trial: Trial) -> str:
        """By the role that hands over."""
        words = ("person", "export", _tenant(trial), "--member", self.member)
        process = begin(trial, trial.declared.export, words, trial.declared.export_role_arn)
        self.exported = verdict(process, "person export", TIMEOUT_SECONDS)
        rows = self.exported["rows"]
        if (rows["members"], rows["things"], rows["attachments"], self.exported["files"]) != (1, 1, 1, 1):
            raise StepError(f"of a person with one thing and one file the export holds {rows}")
        return f"{sum(rows.values())} rows and {self.exported['files']} file"

    def erase(self, trial: Trial) -> str:
        """By the service's own role, which notes it in the ledger first; logged out at once."""
        _expect_unconfirmed_refused(trial, self.member)
        words = ("person", "erase", _tenant(trial), "--member", self.member, "--yes-erase", self.member)
        for again in (False, True):
            found = verdict(begin(trial, trial.declared.one_off, words), "person erase", TIMEOUT_SECONDS)
            if ("rows" in found) is again:
                raise StepError(f"the second erasure does not tell the first: {found}")
        assert self.browser is not None  # noqa: S101  `work` comes first
        expect(self.browser.send("GET", self.thing), 401)
        expect(trial.member.send("GET", self.thing), 200)
        return "membership, session and author gone; what the person wrote is there"


def _tenant(trial: Trial) -> str:
    return trial.members[0][0]


def _expect_unconfirmed_refused(trial: Trial, member: str) -> None:
    other = "00000000-0000-7000-8000-000000000000"
    words = ("person", "erase", _tenant(trial), "--member", member, "--yes-erase", other)
    process = begin(trial, trial.declared.one_off, words)
    if ended(process, "an erasure of somebody else", TIMEOUT_SECONDS) == 0:
        raise StepError("a person is erased under another one's id")
