"""Ledger and templates in, documents out."""
