"""The closing of a business line: plan, gates, journal, notices, archives, holds, certificates."""
