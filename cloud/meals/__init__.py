"""Meals that were taken: what tills recorded becomes sales, postings of the ledger, and shifts."""
