"""The closing of a business line: planned, frozen, settled, archived, migrated, proven, destroyed, reported."""
