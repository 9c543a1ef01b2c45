"""An account's settings, under `workbuoy-bootstrap:settings` of `bootstrap/Pulumi.<environment>.yaml`."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from components.settings import AccountId, BrokenRule, Email, NonBlank, Region, Rule, Settings, given_twice
from infra.environments import DeployedEnvironment

_Account = Annotated[
    AccountId,
    Field(description="AWS account id, in quotes; 000000000NNN is a placeholder that only a rehearsal takes"),
]
_Email = Annotated[Email, Field(examples=["finance@example.org"])]
_GitHubId = Annotated[
    str, Field(pattern=r"^\d{1,19}$", examples=["123456789"], description="A number in quotes; zeros are a placeholder")
]


class GitHubSettings(Settings):
    """The one repository whose workflows may take this account's roles.

    The ids: `gh api repos/OWNER/REPOSITORY --jq '.owner.id, .id'`.
    """

    owner: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9])*$", examples=["your-organisation"], max_length=39)
    ]
    repository: Annotated[str, Field(pattern=r"^[\w.-]+$", examples=["infrastructure"], max_length=100)]
    owner_id: _GitHubId
    repository_id: _GitHubId
    drills: Annotated[
        bool,
        Field(description="Let the GitHub environment drills-ENVIRONMENT try restores every week: make it first"),
    ] = False


class IdentityCenterSettings(Settings):
    """Permission sets of IAM Identity Center whose people are operators; their MFA is set there."""

    region: Annotated[Region, Field(description="Where Identity Center stands")]
    permission_sets: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,32}$", examples=["Operators"])], ...],
        Field(min_length=1, description="Names of permission sets that are assigned in this account"),
    ]


def _one_way_in(operators: "OperatorsSettings") -> Iterator[BrokenRule]:
    if (operators.identity_center is None) == (not operators.mfa_users):
        yield "identityCenter", "name either Identity Center's permission sets or, as mfaUsers, users with MFA"


class OperatorsSettings(Settings):
    """Who may take the operators' role."""

    identity_center: IdentityCenterSettings | None = None
    mfa_users: Annotated[
        tuple[
            Annotated[
                str,
                Field(
                    pattern=r"^arn:aws:iam::\d{12}:user/[\w+=,.@/-]+$", examples=["arn:aws:iam::111122223333:user/kari"]
                ),
            ],
            ...,
        ],
        Field(description="ARNs of users who must show a second factor; where there is no Identity Center"),
    ] = ()

    rules: ClassVar[tuple[Rule, ...]] = (_one_way_in,)


class BudgetSettings(Settings):
    """Who is told when the account costs more than it should, and when a deploy does what the trail watches for."""

    monthly_usd: Annotated[int, Field(ge=1, description="At 80 % of it, and when the month is forecast to pass it")]
    emails: Annotated[tuple[_Email, ...], Field(min_length=1, max_length=10)]


class SubProcessor(Settings):
    """A company that handles personal data for Workbuoy, as a record of processing names it."""

    legal_name: Annotated[NonBlank, Field(max_length=200, examples=["GitHub, Inc."])]
    country: Annotated[
        str, Field(pattern=r"^[A-Z]{2}$", examples=["US"], description="Where it is established, by ISO 3166-1")
    ]
    basis: Annotated[
        str,
        Field(
            min_length=10,
            max_length=300,
            examples=["Data processing agreement of 2026-01-15 with standard contractual clauses"],
            description="The agreement, and what allows a transfer where it is established outside the EEA",
        ),
    ]


class SubProcessorsSettings(Settings):
    """Who else handles personal data. One that is not stated is named as missing in every record of processing."""

    cloud: Annotated[SubProcessor | None, Field(description="AWS, which runs the machines and disks")] = None
    repository: Annotated[SubProcessor | None, Field(description="GitHub, which keeps files about customers")] = None
    login: Annotated[SubProcessor | None, Field(description="Who runs the login that base stacks share")] = None
    mail: Annotated[SubProcessor | None, Field(description="Who delivers mail to those who get alarms")] = None


class JournalSettings(Settings):
    """Which account of the environment keeps the journal of its rollouts, in its state bucket."""

    account: _Account
    region: Annotated[Region, Field(description="Where that account keeps its state")]


class ProcessorSettings(Settings):
    """Workbuoy itself as a processor: what GDPR article 30(2)(a) asks of a record of processing."""

    legal_name: Annotated[NonBlank, Field(max_length=200, examples=["Workbuoy AS"])]
    address: Annotated[NonBlank, Field(max_length=300, examples=["Storgata 1, 0155 Oslo, Norway"])]
    contact_name: Annotated[NonBlank, Field(max_length=100, examples=["Privacy team"])]
    contact_email: _Email
    sub_processors: SubProcessorsSettings = SubProcessorsSettings()


def _region_lies_inside_residency(account: "AnyAccountSettings") -> Iterator[BrokenRule]:
    if account.region not in account.residency:
        yield "region", f"{account.region} lies outside residency ({', '.join(account.residency)})"


def _residency_names_each_once(account: "AnyAccountSettings") -> Iterator[BrokenRule]:
    yield from given_twice(account.residency, "residency")


class AnyAccountSettings(Settings):
    """What every account gets once: a place for its state, a trail, a budget."""

    environment: str
    account: _Account
    region: Annotated[Region, Field(description="Where the state and the trail are kept")]
    residency: Annotated[
        tuple[Region, ...],
        Field(min_length=1, max_length=6, description="Regions in which the account's roles may do anything at all"),
    ]
    owner: Annotated[
        str, Field(pattern=r"^[a-z0-9-]{2,40}$", examples=["platform-team"], description="Team named in every tag")
    ]
    budget: BudgetSettings
    keep_old_state_days: Annotated[int, Field(ge=30, le=3650, description="Old versions of the state")] = 365
    keep_trail_days: Annotated[int, Field(ge=365, le=3650, description="The record of what was done")] = 730

    rules: ClassVar[tuple[Rule, ...]] = (_region_lies_inside_residency, _residency_names_each_once)


def _images_lie_inside_residency(account: "AccountSettings") -> Iterator[BrokenRule]:
    for index, region in enumerate(account.image_regions):
        if region not in account.residency and region != account.region:  # of the account's own it is reported already
            yield f"imageRegions[{index}]", f"{region} lies outside residency ({', '.join(account.residency)})"


def _image_regions_name_each_once(account: "AccountSettings") -> Iterator[BrokenRule]:
    yield from given_twice(account.image_regions, "imageRegions")


def _one_account_keeps_the_journal(account: "AccountSettings") -> Iterator[BrokenRule]:
    journal = account.journal
    if journal is not None and account.journal_writers:
        yield (
            "journalWriters",
            f"the journal lies in {journal.account}, so nobody keeps it here; take one of the two out",
        )
    if journal is not None and journal.account == account.account:
        yield "journal.account", "is this account: take `journal` out, and name the others in journalWriters"
    if journal is not None and journal.region not in account.residency:
        yield "journal.region", f"{journal.region} lies outside residency ({', '.join(account.residency)})"


def _writers_are_other_accounts(account: "AccountSettings") -> Iterator[BrokenRule]:
    yield from given_twice(account.journal_writers, "journalWriters")
    for index, one in enumerate(account.journal_writers):
        if one == account.account:
            yield f"journalWriters[{index}]", "is this account, whose own role writes its journal anyway"


class AccountSettings(AnyAccountSettings):
    """Everything that decides what an account of stacks gets once."""

    environment: DeployedEnvironment
    image_regions: Annotated[
        tuple[Region, ...], Field(min_length=1, description="Where images are kept: Lambda pulls from its own region")
    ]
    github: GitHubSettings
    operators: OperatorsSettings
    journal: Annotated[
        JournalSettings | None,
        Field(description="For a further account of an environment: which one keeps the journal of the rollouts"),
    ] = None
    journal_writers: Annotated[
        tuple[_Account, ...],
        Field(
            max_length=100,
            description="Further accounts of the environment, whose deploy roles keep the journal of the rollouts here",
        ),
    ] = ()
    processor: Annotated[
        ProcessorSettings | None,
        Field(description="Who Workbuoy is to its customers; an account that holds customers' data needs it"),
    ] = None
    record_object_reads: Annotated[
        bool,
        Field(
            description="Whether the trail records each read of an object in the stacks' buckets (S3 data events, "
            "charged by use): without it nobody can say who read a customer's files"
        ),
    ] = True
    keep_images: Annotated[
        int, Field(ge=10, le=1000, description="The newest images; older ones expire, so a rollback needs its own")
    ] = 100

    rules: ClassVar[tuple[Rule, ...]] = (
        *AnyAccountSettings.rules,
        _images_lie_inside_residency,
        _image_regions_name_each_once,
        _one_account_keeps_the_journal,
        _writers_are_other_accounts,
    )
