"""What a stack tells managed Prometheus: where its tasks are, what to record, when to alert and whom."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Resource, ResourceOptions

from components.context import StackContext
from components.place import WorkspacePlace


@dataclass(frozen=True, kw_only=True)
class ScrapingArgs:
    """`configuration`, `rules` and `alert_manager` are the YAML that `monitoring/` makes.

    A workspace has one alert manager, which its base stack declares; a customer's own stack has none.
    """

    context: StackContext
    workspace: WorkspacePlace
    security_group_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    configuration: str
    rules: str
    alert_manager: str | None
    topic_ready: Sequence[Resource]


class Scraping(ComponentResource):
    """A managed collector in the private subnets, and the rules of one stack in its base's workspace."""

    def __init__(self, name: str, args: ScrapingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workbuoy:aws:Scraping", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        aws.amp.Scraper(
            f"{name}-collector",
            alias=context.name,
            scrape_configuration=args.configuration,
            source=aws.amp.ScraperSourceArgs(
                vpc=aws.amp.ScraperSourceVpcArgs(
                    security_group_ids=[args.security_group_id], subnet_ids=list(args.subnet_ids)
                )
            ),
            destination=aws.amp.ScraperDestinationArgs(
                amp=aws.amp.ScraperDestinationAmpArgs(workspace_arn=args.workspace.arn)
            ),
            tags=context.tags(),
            opts=child,
        )
        aws.amp.RuleGroupNamespace(
            f"{name}-rules",
            name=context.name,
            workspace_id=args.workspace.id,
            data=args.rules,
            tags=context.tags(),
            opts=child,
        )
        if args.alert_manager is not None:
            aws.amp.AlertManagerDefinition(
                f"{name}-alert-manager",
                workspace_id=args.workspace.id,
                definition=args.alert_manager,
                opts=ResourceOptions(parent=self, depends_on=list(args.topic_ready)),
            )
        self.register_outputs({})
