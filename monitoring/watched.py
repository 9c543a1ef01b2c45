"""What is watched: the settings and names of one stack that rules and dashboards speak of."""

from dataclasses import dataclass

from components.alarms import Alarm, database_alarms, service_alarms
from components.observability_settings import ObservabilitySettings


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One stack. `cluster` is its own, or its base's where it is a customer's own stack, whose `tenant` is named."""

    stack: str
    cluster: str
    account_id: str
    region: str
    memory_mib: int
    min_tasks: int
    allocated_storage_gib: int
    observability: ObservabilitySettings
    has_waf: bool = False
    """Whether a firewall of its own stands before its load balancer; a customer's own stack has its base's."""
    tenant: str = ""

    @property
    def name(self) -> str:
        """What every physical name begins with."""
        return f"workbuoy-{self.stack}"

    @property
    def cluster_arn(self) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account_id}:cluster/{self.cluster}"

    @property
    def topic_arn(self) -> str:
        """The topic that CloudWatch's alarms call too."""
        return f"arn:aws:sns:{self.region}:{self.account_id}:{self.name}-alarms"

    @property
    def selector(self) -> str:
        """The labels that every scraped series of the stack has."""
        return f'job="{self.name}",stack="{self.stack}"'

    def database_alarms(self) -> list[Alarm]:
        """CloudWatch's alarms of the database, whose metrics and thresholds dashboards draw too."""
        thresholds = self.observability.database_thresholds(self.allocated_storage_gib)
        return database_alarms(f"{self.name}-database", thresholds)

    def service_alarms(self, load_balancer: str, target_group: str) -> list[Alarm]:
        """CloudWatch's alarms at the load balancer, likewise."""
        settings = self.observability
        return service_alarms(
            load_balancer,
            target_group,
            settings.service_error_percent,
            settings.service_response_seconds,
            self.min_tasks,
        )
