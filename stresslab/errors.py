"""Say what went wrong in the user's words: the rule, the value seen, the next step."""


class StresslabError(Exception):
    """Base of every error that a user can cause and repair; the command line exits with 2."""


class ParamError(StresslabError):
    """A setting has a wrong name, type or value."""


class UnknownPieceError(StresslabError):
    """No piece of that kind has this name."""


class ConditionError(StresslabError):
    """The text of a condition cannot be read."""


class UnknownColumnError(ConditionError):
    """A condition or a `by` names a column the workspace does not have."""


class ShapeError(StresslabError):
    """Arrays that must agree in shape do not."""


class TooFewRowsError(StresslabError):
    """There are not enough rows for what was asked."""


class WorkspaceError(StresslabError):
    """A folder is not a workspace, or cannot be opened or written."""


class DamagedFileError(WorkspaceError):
    """A file of the workspace does not match its checksum or cannot be read."""


class SealedError(WorkspaceError):
    """Something tried to change what is sealed."""


class BusyError(WorkspaceError):
    """Another living process holds the unfinished run."""


class ReadError(StresslabError):
    """A source file or its mapping cannot be understood.

    `proposal` is the mapping as far as it could be guessed, as TOML: what a person can go on from.
    """

    def __init__(self, *said: object, proposal: str = "") -> None:
        super().__init__(*said)
        self.proposal = proposal


class NoOutcomesError(ReadError):
    """A table holds inputs, but nothing that a model answered or scored."""


class MissingPackageError(StresslabError):
    """An optional package or bundled weight is not installed."""


class RowError(StresslabError):
    """A row breaks the rules of its table."""
