"""The room of data quality: checks and scorecards, duplicates found, explained, decided and taken apart again."""
