"""Rows of a ledger that have what a test says of them, and nothing else."""

from writeup.trust.ledger import ClaimRow, StatementRow


def claim_row(id, value, shown=None, **more):
    """A claim that prints `shown`, or its value as Python does; its question stands before the last dot of its id."""
    blank = {"text": "", "unit": "", "code": False, "check": "counting", "controls": [], "evidence": {"records": []}}
    printed = str(value) if shown is None else shown
    return ClaimRow(id=id, question=id.rpartition(".")[0], value=value, shown=printed, **(blank | more))


def statement_row(id, **more):
    """A statement that holds."""
    blank = {"text": "", "holds": True, "source": "", "claims": [], "controls": []}
    return StatementRow(id=id, question=id.rpartition(".")[0], **(blank | more))
