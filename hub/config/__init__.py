"""The project's settings; the only room that reads hub.toml and the environment."""

from hub.config.project import ConnectionConfig, Project, Rule, ScheduleConfig, StreamConfig

__all__ = ["ConnectionConfig", "Project", "Rule", "ScheduleConfig", "StreamConfig"]
