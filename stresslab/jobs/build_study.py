"""Build a study in a workspace of its own: runs, known answers, what was found."""

import shutil
from collections.abc import Iterator

from stresslab import studies
from stresslab.errors import ParamError
from stresslab.jobs._events import Done, Event, Progress
from stresslab.studies import _kept as kept
from stresslab.studies._kind import SCALES


def build_study(name: str, scale: str = "full", *, again: bool = False) -> Iterator[Event]:
    """Yield progress while a study is built; what is there already is not built again.

    Parameters
    ----------
    name : str
        Key of the study.
    scale : {"small", "full"}
        `small` takes seconds and serves tests.
    again : bool
        Whether to begin with nothing although it was built before.

    Raises
    ------
    UnknownPieceError
        If there is no such study.
    ParamError
        If there is no such scale, or the study says a verdict it does not declare.
    """
    from stresslab.store.workspace import Workspace

    study = studies.get(name)
    if scale not in SCALES:
        raise ParamError(f"The scale must be one of {', '.join(SCALES)}; got {scale!r}.")
    folder = kept.folder_of(name, scale)
    if again and folder.exists():
        shutil.rmtree(folder)
    known = kept.kept(name, scale)
    if known is not None:
        yield Done(f"{study.title} is there already: {known.verdict}.", {"steps": 0})
        return
    made = folder / "workspace.toml"
    workspace = Workspace.open(folder) if made.exists() else Workspace.create(folder, name=name)
    steps = 0
    for sentence in study.build(workspace, scale):
        steps += 1
        yield Progress(steps, None, "steps", sentence)
    checked = []
    for number, answer in enumerate(study.known_answers):
        yield Progress(number, len(study.known_answers), "known answers", answer.says)
        checked.append(kept.check(answer))
    found = study.find(workspace)
    if found.verdict not in study.verdicts:
        raise ParamError(
            f"The verdict of {name} must be one of {', '.join(study.verdicts)}; "
            f"got {found.verdict!r}."
        )
    kept.keep(folder, kept.result_of(name, study, found, workspace, scale), checked)
    holding = sum(one.holds for one in checked)
    yield Done(
        f"{study.title}: {found.verdict}. {holding} of {len(checked)} known answers hold.",
        {"steps": steps, "known_answers": len(checked), "holding": holding},
    )
