"""The project's settings; the only room that reads hub.toml and the environment."""

from hub.config.actor import acting
from hub.config.cache import cache_folder
from hub.config.env import environment
from hub.config.kinds import Kind
from hub.config.load import load
from hub.config.paths import FILE, find, mapping_names, mapping_path, starter
from hub.config.project import ConnectionConfig, Project, Rule, ScheduleConfig, StreamConfig

__all__ = [
    "FILE",
    "ConnectionConfig",
    "Kind",
    "Project",
    "Rule",
    "ScheduleConfig",
    "StreamConfig",
    "acting",
    "cache_folder",
    "environment",
    "find",
    "load",
    "mapping_names",
    "mapping_path",
    "starter",
]
