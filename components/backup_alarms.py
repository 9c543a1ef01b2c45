"""That a copy out of reach is made daily: an event tells of a job that fails, and nothing of one that never starts."""

from components.alarms import Alarm, Metric

_TAKEN = {"database": "RDS", "files": "S3"}


def backup_alarms(vault: str, copies_vault: str) -> list[Alarm]:
    """Recovery points in a stack's own vault, and copies in the other account's.

    AWS counts copies by the vault that they go to, which all stacks of an account share: so this one goes off when
    nothing at all arrives there. Two days, since a day's jobs end in its course.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html
    """
    return [
        _daily(
            "backup-recovery-points",
            "NumberOfBackupJobsCompleted",
            vault,
            "Database or files got no recovery point for two days, so nothing is copied away. Run `workbuoy drift "
            "STACK`: plan and selection must stand; then look at the backup jobs of the vault.",
        ),
        _daily(
            "backup-copies",
            "NumberOfCopyJobsCompleted",
            copies_vault,
            "No copy of database or files reached the other account for two days. Run `workbuoy backups STACK --live`, "
            "then `workbuoy drift STACK`: the plan's copy action, the key and the other vault's policy must stand.",
        ),
    ]


def _daily(name: str, job: str, vault: str, advice: str) -> Alarm:
    def of(kind: str) -> Metric:
        return Metric(
            namespace="AWS/Backup",
            name=job,
            dimensions={"BackupVaultName": vault, "ResourceType": kind},
            statistic="Sum",
        )

    return Alarm(
        name=name,
        search="errors",
        days=2,
        # No result where one of them has no data: AWS reports no zeros, and MIN would take the other one's count.
        expression=" * ".join(_TAKEN),
        metrics={what: of(kind) for what, kind in _TAKEN.items()},
        threshold=1,
        comparison="below",
        missing_data="breaching",
        advice=advice,
    )
