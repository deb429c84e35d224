"""What people configure: a team's ``scheduler.yaml`` and the platform's ``platform.yaml``."""

from dbt_scheduler.config.platform import DEFAULT_PLATFORM, find_platform, load_platform
from dbt_scheduler.config.scheduler import SUPPORTED_VERSIONS, load_team_config
from dbt_scheduler.config.types import (
    AcknowledgedChange,
    Alerting,
    DbtConfig,
    DbtSettings,
    DbtTests,
    Defaults,
    ExposedAssets,
    Ignore,
    Pipeline,
    PlatformAlerting,
    PlatformConfig,
    ProjectHooks,
    TaskConfig,
    TeamConfig,
)

__all__ = [
    "DEFAULT_PLATFORM",
    "SUPPORTED_VERSIONS",
    "AcknowledgedChange",
    "Alerting",
    "DbtConfig",
    "DbtSettings",
    "DbtTests",
    "Defaults",
    "ExposedAssets",
    "Ignore",
    "Pipeline",
    "PlatformAlerting",
    "PlatformConfig",
    "ProjectHooks",
    "TaskConfig",
    "TeamConfig",
    "find_platform",
    "load_platform",
    "load_team_config",
]
