"""The one error type of the generator and of all that it runs."""


class WriteupError(Exception):
    """Its message says what was asked, what was received, what is allowed, and where."""


class CheckFailed(WriteupError):
    """The second route disagrees with the candidate value."""

    def __init__(self, expected: object, got: object, what: str = "") -> None:
        super().__init__(f"{what + ': ' if what else ''}expected {expected!r}, got {got!r}")
        self.expected, self.got, self.what = expected, got, what
