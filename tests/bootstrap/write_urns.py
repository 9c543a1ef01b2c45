"""Write the committed lists of the accounts' URNs anew: `make urns`."""

from rehearsal.program import find_project
from rehearsal.run import Options, rehearse
from tests.bootstrap.conftest import ACCOUNTS, BOOTSTRAP
from tests.bootstrap.test_account import URNS

if __name__ == "__main__":
    URNS.mkdir(exist_ok=True)
    for stack in ACCOUNTS:
        rehearsal = rehearse(find_project(BOOTSTRAP), stack, Options(declare_only=True))
        urns = sorted(one.urn for one in rehearsal.resources)
        (URNS / f"{stack}.txt").write_text("\n".join(urns) + "\n", encoding="utf-8")
