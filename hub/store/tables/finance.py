"""Bank statements and their entries, allocations, postings, periods and aliases."""
