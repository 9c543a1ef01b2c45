"""Keys that commands change in files of people: all else stays, or nothing is changed."""

from pathlib import Path
from typing import Any

import pytest

from infra.problems import ProblemsError
from infra.yaml_edit import changed
from infra.yaml_text import read_yaml

FILE = """\
# of the customer
name: acme
base: prod  # the first

dates: # by Kari
    signed: 2026-10-01
    hold:
        since: 2026-11-20

        # as the court wrote it
        reason: Case 26-104522, Oslo tingrett
# what lies outside
platformOutside:
  regions: [us-east-1]
move:
  direction: to

# in between
  base: prod-eu-north-1
# the end
"""


def change(folder: Path, text: str, changes: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    file = folder / "acme.yaml"
    file.write_bytes(text.encode())
    return changed(file, read_yaml(file), changes)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_key_comes_after_the_block_that_it_belongs_to_and_goes_with_all_of_its_own(
    tmp_path: Path, ending: str
) -> None:
    text = FILE.replace("\n", ending)
    after, content = change(tmp_path, text, {"dates.retiring": "soon", "move": None, "base": "staging"})
    wanted = FILE.replace("tingrett\n", "tingrett\n    retiring: soon\n").replace("prod  #", "staging  #")
    start, end = wanted.index("move:"), wanted.index("# the end")
    assert after == (wanted[:start] + wanted[end:]).replace("\n", ending)
    assert content["dates"]["hold"]["reason"] == "Case 26-104522, Oslo tingrett"


def test_a_key_comes_last_in_a_file_that_ends_with_a_block_or_without_a_line(tmp_path: Path) -> None:
    head, _, _ = FILE.partition("# what")
    assert change(tmp_path, head, {"dates.retiring": "soon"})[0] == f"{head}    retiring: soon\n"
    after, content = change(tmp_path, "name: acme", {"move": {"base": "prod"}})
    assert (after, content) == ("name: acme\nmove:\n  base: prod\n", {"name": "acme", "move": {"base": "prod"}})


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("name: acme\ndates: {signed: 2026-10-01}\n", "dates.retiring"),
        ("{name: acme, dates: {signed: 2026-10-01}}\n", "move"),
        ("old: &days\n  signed: 2026-10-01\ndates: *days\n", "dates.retiring"),
        ("name: acme\nmove: &place\n  base: prod\nother: *place\n", "move"),
    ],
)
def test_what_lines_alone_cannot_change_is_left_to_the_person(tmp_path: Path, text: str, path: str) -> None:
    with pytest.raises(ProblemsError, match="by hand"):
        change(tmp_path, text, {path: None if "&place" in text else "soon"})
