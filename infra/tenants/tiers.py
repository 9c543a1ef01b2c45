"""Sizes that a silo can have."""

from typing import Any

# Each section's keys as in a stack file; whatever a tier leaves out is the base stack's.
TIERS: dict[str, dict[str, dict[str, Any]]] = {
    "small": {
        "database": {
            "instanceClass": "db.t4g.medium",
            "allocatedStorageGib": 20,
            "maxAllocatedStorageGib": 100,
        },
        "observability": {"databaseConnections": 300},
        "service": {"cpuUnits": 256, "memoryMib": 512, "minTasks": 2, "maxTasks": 4},
    },
    "standard": {
        "database": {
            "instanceClass": "db.m7g.large",
            "allocatedStorageGib": 100,
            "maxAllocatedStorageGib": 500,
        },
        "observability": {"databaseConnections": 600},
        "service": {"cpuUnits": 512, "memoryMib": 1024, "minTasks": 2, "maxTasks": 6},
    },
    "large": {
        "database": {
            "instanceClass": "db.m7g.xlarge",
            "allocatedStorageGib": 400,
            "maxAllocatedStorageGib": 2000,
        },
        "observability": {"databaseConnections": 1200},
        "service": {"cpuUnits": 1024, "memoryMib": 2048, "minTasks": 3, "maxTasks": 12},
    },
}
