"""What is recorded of a program, and what is refused."""

import pytest

from operations.outputs.rehearsed import as_json
from rehearsal.errors import RefusedError
from rehearsal.result import Rehearsal, State
from rehearsal.run import Options
from tests.rehearsal.conftest import RehearseText

DECLARE = Options(declare_only=True)


def _only(rehearsal: Rehearsal, name: str) -> object:
    return next(one for one in rehearsal.resources if one.name == name)


def test_urns_hold_the_whole_chain_of_parents_and_not_the_stack(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        class Outer(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__("x:y:Outer", name, None, opts)
        class Inner(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__("x:y:Inner", name, None, opts)
        outer = Outer("outer", pulumi.ResourceOptions(providers=[provider]))
        inner = Inner("inner", pulumi.ResourceOptions(parent=outer))
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(parent=inner))
        """,
        DECLARE,
    )
    assert [one.urn for one in result.resources][1:] == [
        "urn:pulumi:test::small::x:y:Outer::outer",
        "urn:pulumi:test::small::x:y:Outer$x:y:Inner::inner",
        "urn:pulumi:test::small::x:y:Outer$x:y:Inner$aws:ec2/vpc:Vpc::vpc",
    ]
    assert list(result.components) == ["outer"]


def test_options_of_a_resource_are_recorded(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        first = aws.ec2.Vpc("first", cidr_block="10.0.0.0/16", opts=top)
        aws.ec2.Subnet(
            "second",
            vpc_id=first.id,
            cidr_block="10.0.0.0/24",
            opts=pulumi.ResourceOptions(
                provider=provider,
                protect=True,
                retain_on_delete=True,
                delete_before_replace=True,
                ignore_changes=["tags"],
                aliases=[pulumi.Alias(name="old")],
                depends_on=[provider],
            ),
        )
        """,
        DECLARE,
    )
    declared = next(one.declared for one in result.resources if one.name == "second")
    vpc = next(one.urn for one in result.resources if one.name == "first")
    assert (declared.protect, declared.retain_on_delete, declared.delete_before_replace) == (True, True, True)
    assert declared.ignore_changes == ("tags",)
    assert declared.aliases == ("name=old",)
    assert vpc in declared.dependencies
    assert declared.property_dependencies == {"vpcId": (vpc,)}
    assert declared.provider.endswith("pulumi:providers:aws::aws")
    assert declared.source.startswith("__main__.py:")


def test_a_resource_without_an_explicit_provider_is_refused_and_named(rehearse_text: RehearseText) -> None:
    result = rehearse_text('aws.ec2.Vpc("bare", cidr_block="10.0.0.0/16")', DECLARE)
    assert [(one.check, one.name) for one in result.refusals] == [("explicit-provider", "bare")]
    assert not result.passed


def test_a_provider_of_another_account_is_refused(rehearse_text: RehearseText) -> None:
    result = rehearse_text('aws.Provider("other", region="eu-north-1", allowed_account_ids=["111122223333"])', DECLARE)
    assert [(one.check, one.name) for one in result.refusals] == [("provider-account", "other")]


def test_two_resources_with_one_urn_are_refused(rehearse_text: RehearseText) -> None:
    with pytest.raises(RefusedError, match="two resources have one URN"):
        rehearse_text('for _ in range(2): aws.ec2.Vpc("twice", cidr_block="10.0.0.0/16", opts=top)', DECLARE)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("aws.get_caller_identity()", "without an explicit provider"),
        ("aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider))", "cannot be answered"),
    ],
)
def test_functions_of_a_provider_are_refused_by_name(rehearse_text: RehearseText, call: str, message: str) -> None:
    with pytest.raises(RefusedError, match=rf"aws:index/getCallerIdentity:getCallerIdentity .*{message}"):
        rehearse_text(call, DECLARE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('pulumi.ComponentResource("awsx:ec2:Vpc", "v", {}, remote=True)', "v has its parts made by a plugin"),
        ("pulumi.runtime.register_resource_transform(lambda args: None)", "registers a transform of its resources"),
    ],
)
def test_what_makes_other_resources_than_those_that_are_seen_is_refused(
    rehearse_text: RehearseText, text: str, message: str
) -> None:
    with pytest.raises(RefusedError, match=message):
        rehearse_text(text, DECLARE)


@pytest.mark.parametrize(
    "option",
    [
        "transforms=[lambda args: None]",
        "replace_with=[provider]",
        "replacement_trigger=1",
        "deleted_with=provider",
        'env_var_mappings={"A": "B"}',
        'hooks=pulumi.ResourceHookBinding(after_create=[pulumi.ResourceHook("h", lambda args: None)])',
    ],
)
def test_an_option_that_only_the_engine_carries_out_is_refused(rehearse_text: RehearseText, option: str) -> None:
    with pytest.raises(RefusedError, match="only the engine carries out"):
        rehearse_text(
            f'aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(provider=provider, {option}))',
            DECLARE,
        )


def test_an_unknown_stack_reference_is_refused(rehearse_text: RehearseText) -> None:
    with pytest.raises(RefusedError, match="refers to stack 'organization/small/other'"):
        rehearse_text('pulumi.StackReference("organization/small/other")', DECLARE)


def test_a_secret_is_unwrapped_for_aws_and_masked_in_what_is_printed(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        secret = aws.secretsmanager.Secret(
            "s", name="s-masked", description=pulumi.Output.secret("hush-hush"), opts=top
        )
        pulumi.export("description", secret.description)
        """
    )
    entry = next(one for one in result.resources if one.name == "s")
    assert entry.state is State.COMPARED
    assert entry.declared.inputs["description"] == "hush-hush"
    assert entry.declared.secret_paths == ("description",)
    assert result.secret_exports == ("description",)
    assert "hush-hush" not in str(as_json(result))


def test_a_get_is_recorded_as_a_read(rehearse_text: RehearseText) -> None:
    result = rehearse_text(
        """
        vpc = aws.ec2.Vpc.get("existing", "vpc-1", opts=top)
        pulumi.export("id", vpc.id)
        """
    )
    entry = next(one for one in result.resources if one.name == "existing")
    assert entry.declared.read
    assert entry.state is State.DECLARED_ONLY
    assert result.exports == {"id": "vpc-1"}
