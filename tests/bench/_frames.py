"""The typed frames that pandas and polars hold in memory: one row per outcome."""

from typing import TYPE_CHECKING

from stresslab.store.index import connect, ensure
from stresslab.store.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = """model::UTINYINT AS model, domain::UTINYINT AS domain,
    perturbation::TINYINT AS perturbation, tier::UTINYINT AS tier, item, variant,
    score::FLOAT AS score, confidence::FLOAT AS confidence"""


def frame(workspace: Workspace, columns: str = COLUMNS, where: str = "true") -> "pd.DataFrame":
    """Return the outcomes as a pandas frame of small integer codes and numbers."""
    with connect(ensure(workspace)) as con:
        return con.execute(f"SELECT {columns} FROM facts WHERE {where}").df()
