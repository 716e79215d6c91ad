"""What an analysis declares."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from stresslab.params import Params
from stresslab.result import Result
from stresslab.saved_slices import expand_params

if TYPE_CHECKING:
    from stresslab.store.workspace import Workspace


@dataclass(frozen=True)
class Analysis:
    """One question that can be asked of any workspace.

    Parameters
    ----------
    title : str
        A few words for menus.
    question : str
        The question, as a person would ask it.
    params : type of Params
        Frozen dataclass of the settings; ``piece.params(task="sentiment")`` builds one.
    run : callable
        ``run(workspace, params) -> Result``; the first table is named after the analysis.
    figures : tuple of str
        Figure pieces that draw its tables, the most important first.
    source : str
        Where the method is defined.
    """

    title: str
    question: str
    params: type[Params]
    run: Callable[["Workspace", Any], Result]
    figures: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "run", _in_one_call(self.run))


def _in_one_call(
    run: Callable[["Workspace", Any], Result],
) -> Callable[["Workspace", Any], Result]:
    """Return `run` such that its questions share one opened index and name no saved slice."""

    @wraps(run)
    def answer(workspace: "Workspace", params: Any) -> Result:
        from stresslab.store.index import one_call

        with one_call():
            return run(workspace, expand_params(params, workspace.config.slices))

    return answer
