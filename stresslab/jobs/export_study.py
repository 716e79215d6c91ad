"""Write what a study asks as files, for a model of one's own."""

from pathlib import Path

from stresslab import studies
from stresslab.errors import ParamError


def export_study(name: str, folder: Path) -> list[tuple[Path, int]]:
    """Write the files of a study into a folder and return them with their numbers of lines.

    Parameters
    ----------
    name : str
        Key of the study.
    folder : Path
        Made if it is not there; a file of the same name is replaced.

    Raises
    ------
    ParamError
        If the study has nothing to export.
    """
    study = studies.get(name)
    if study.export is None:
        known = [one for one, piece in studies.studies if piece.export is not None]
        raise ParamError(f"{name} has no files to export; these have: {', '.join(known)}.")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file, lines in study.export():
        text = [f"{line}\n" for line in lines]
        path = folder / file
        path.write_text("".join(text), encoding="utf-8")
        written.append((path, len(text)))
    return written
