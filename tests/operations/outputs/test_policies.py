"""What `policies check` prints of a run."""

from operations.outputs.policies import PoliciesCheck
from policies.runner import check
from tests.policies.good_graph import REGION, good_graph
from tests.policies.seeds import seed


def test_the_report_holds_the_whole_catalogue_with_verdicts() -> None:
    broken = seed("", "database-instance", "multiAz", False).applied(good_graph())
    report = PoliciesCheck.of(check(broken, "prod", allowed_regions=[REGION])).as_document()
    by_name = {control["name"]: control for control in report["controls"]}
    assert report["failed"] is True
    assert by_name["database-span-zones"]["resources"][0]["status"] == "fail"
    assert by_name["database-copy-tags"]["resources"][0]["status"] == "pass"
    assert by_name["plan-refuse-data-loss"]["implementedBy"] == "guard"
    assert by_name["database-span-zones"]["resources"][0]["message"] == (
        "database-instance: multiAz is not true. Set multiAz to true."
    )
