"""The audit log, and the people and roles that sign."""
