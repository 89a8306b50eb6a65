"""Finds duplicates among golden records: reads them, brings them into one form, compares, scores, and proposes pairs."""
