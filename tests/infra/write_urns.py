"""Write the committed lists of URNs anew: `make urns`."""

from rehearsal.program import find_project
from rehearsal.run import Options, rehearse_with_base
from tests.conftest import ROOT, SILOS, STACKS
from tests.infra.test_urns import FOLDER

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for stack in (*STACKS, *SILOS):
        rehearsal = rehearse_with_base(find_project(ROOT), stack, Options(declare_only=True))
        urns = sorted(one.urn for one in rehearsal.resources)
        (FOLDER / f"{stack}.txt").write_text("\n".join(urns) + "\n", encoding="utf-8")
