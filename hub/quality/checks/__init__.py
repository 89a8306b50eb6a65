"""What can be wrong with a record: values of a wrong form, dates and totals that cannot be, fields that are missing.

Nothing here keeps a record out by itself: an invoice whose total does not add up is still owed. What a mapping cannot
read, and what a plugin's severe check refuses, is quarantined in the walk; `severe` hands any of these checks to such
a plugin.
"""

from hub.quality.checks.book import CHECKS, Book, severe
from hub.quality.checks.fault import Check, Fault, Measure

__all__ = ["CHECKS", "Book", "Check", "Fault", "Measure", "severe"]
