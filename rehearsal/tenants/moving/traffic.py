"""Somebody who works while they move: what they were told is stored must be there once, wherever they are served."""

import random
import threading
from dataclasses import dataclass, field

from rehearsal.service.browser import Browser, fetch
from rehearsal.service.logins import logged_in
from rehearsal.service.trial import StepError, Trial, expect

FROZEN = 423
PAUSE_SECONDS = 0.05
PAGE = 100
_FILE_EVERY, _DELETE_EVERY, _CHANGE_EVERY = 7, 4, 3


@dataclass
class Worker:
    """A member at work in one place at a time; `stored` are bodies by thing, `files` contents by their paths."""

    subject: str
    browser: Browser
    stored: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refused: int = 0
    strange: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Work until `end`."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait for the answer to what was asked last. Raises StepError for an answer that nobody expects."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self.strange:
            raise StepError(f"{self.subject} was answered {self.strange[0]} while moving")

    def go_to(self, trial: Trial) -> None:
        """Log in at another place; what is written next is written there."""
        self.browser = logged_in(trial, self.subject)

    def _work(self) -> None:
        some, number = random.Random(self.subject), 0  # noqa: S311  no secret
        while not self._stop.wait(PAUSE_SECONDS):
            number += 1
            try:
                self._act(number, some)
            except OSError as error:
                self.strange.append(repr(error))

    def _act(self, number: int, some: random.Random) -> None:
        if self.stored and number % _DELETE_EVERY == 0:
            thing = some.choice(sorted(self.stored))
            if self._done("DELETE", f"/api/things/{thing}", None, (204,)) is not None:
                self.gone.add(thing)
                del self.stored[thing]
                self.files = {path: one for path, one in self.files.items() if thing not in path}
        elif self.stored and number % _FILE_EVERY == 0:
            path, content = f"/api/things/{some.choice(sorted(self.stored))}/attachments", some.randbytes(2_000)
            made = self._done("POST", f"{path}?name=file.bin", content, (201,), "application/octet-stream")
            if made is not None:
                self.files[f"{path}/{made['id']}/content"] = content
        elif self.stored and number % _CHANGE_EVERY == 0:
            thing, body = some.choice(sorted(self.stored)), f"changed {number}"
            content = f'{{"title": "T", "body": "{body}", "status": "open"}}'.encode()
            if self._done("PUT", f"/api/things/{thing}", content, (200,)) is not None:
                self.stored[thing] = body
        else:
            made = self._done("POST", "/api/things", f'{{"title": "T", "body": "new {number}"}}'.encode(), (201,))
            if made is not None:
                self.stored[str(made["id"])] = f"new {number}"

    def _done(
        self, method: str, path: str, body: bytes | None, well: tuple[int, ...], kind: str = "application/json"
    ) -> dict[str, object] | None:
        """The answer where it was done, and None where the customer is frozen."""
        answer = self.browser.send(method, path, body, kind)
        if answer.status in well:
            return dict(answer.json()) if answer.body else {}
        if answer.status == FROZEN:
            self.refused += 1
        else:
            self.strange.append(f"{method} {path}: {answer.status} {answer.body[:120].decode(errors='replace')}")
        return None

    def expect_all(self, others: frozenset[str]) -> str:
        """Everything stored is there once, with what was last said of it, and nothing that was deleted.

        `others` are the things that were there before. Raises StepError.
        """
        found = listed(self.browser)
        if len(found) != len(set(found)):
            raise StepError(f"{len(found) - len(set(found))} things of {self.subject} are there twice")
        wanted = {*others, *self.stored}
        if lost := wanted - set(found):
            raise StepError(f"{len(lost)} things of {self.subject} are lost, such as {min(lost)}")
        if more := set(found) - wanted:
            raise StepError(f"{len(more)} things of {self.subject} are there that were deleted, such as {min(more)}")
        for thing, body in self.stored.items():
            if expect(self.browser.send("GET", f"/api/things/{thing}"), 200).json()["body"] != body:
                raise StepError(f"thing {thing} of {self.subject} is not as it was last changed")
        for path, content in self.files.items():
            address = expect(self.browser.send("GET", path), 307).headers["location"]
            if fetch(address).body != content:
                raise StepError(f"a file of {self.subject} came back changed: {path}")
        return f"{len(found)} rows and {len(self.files)} new files, each once"


def listed(browser: Browser) -> list[str]:
    """Ids of all things, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        after = f"&cursor={cursor}" if cursor else ""
        page = expect(browser.send("GET", f"/api/things?limit={PAGE}{after}"), 200).json()
        found += [str(one["id"]) for one in page["items"]]
        cursor = page.get("next_cursor") or ""
        if not cursor:
            return found
