"""How well the models of a task pair: items that some lack, that stand twice, that were edited."""

from typing import TYPE_CHECKING, Any

from stresslab.store.engine import reading

if TYPE_CHECKING:
    import pandas as pd

NAMED = 20
"""Ids listed of each kind; all of them are counted."""

_HAVE = """
    one AS (SELECT code FROM tasks WHERE name = $task),
    asked AS (SELECT DISTINCT item, model FROM facts
        WHERE latest AND task = (SELECT code FROM one)),
    have AS (SELECT a.item, a.model, i.item_set, i.item_id FROM asked a
        JOIN items i ON i.task = (SELECT code FROM one) AND i.item = a.item),
    sets AS (SELECT item_set, count(DISTINCT model) AS n_models FROM have GROUP BY item_set),
    seen AS (SELECT item_set, item, item_id, count(*) AS n, list(model) AS models
        FROM have GROUP BY ALL)"""


def item_sets(workspace: Any, task: str) -> "pd.DataFrame":
    """Return ``item_set, n_models, n_items, n_common, n_unmatched, n_edited`` of a task.

    An item is common if every model with an item of the set has it, else unmatched; edited if it
    was seen with several contents.
    """
    with reading(workspace) as engine:
        return engine.sql(
            f"""WITH {_HAVE},
            edited AS (SELECT h.item FROM item_hashes h JOIN tasks t ON t.code = h.task
                AND t.name = $task GROUP BY h.item HAVING count(*) > 1)
            SELECT item_set, n_models, count(*) AS n_items,
                count(*) FILTER (n = n_models) AS n_common,
                count(*) FILTER (n < n_models) AS n_unmatched,
                count(*) FILTER (item IN (SELECT item FROM edited)) AS n_edited
            FROM seen JOIN sets USING (item_set) GROUP BY item_set, n_models ORDER BY item_set""",
            {"task": task},
        )


def unmatched(workspace: Any, task: str) -> "pd.DataFrame":
    """Return the first items some models lack, as ``item_set, item_id, lacking`` (a list)."""
    with reading(workspace) as engine:
        return engine.sql(
            f"""WITH {_HAVE},
            members AS (SELECT DISTINCT item_set, model FROM have)
            SELECT s.item_set, s.item_id, list(m.name ORDER BY m.name) AS lacking
            FROM (SELECT * FROM seen JOIN sets USING (item_set) WHERE n < n_models
                QUALIFY row_number() OVER (PARTITION BY item_set ORDER BY item) <= {NAMED}) s
            JOIN members b ON b.item_set = s.item_set AND NOT list_contains(s.models, b.model)
            JOIN models m ON m.code = b.model
            GROUP BY s.item_set, s.item, s.item_id ORDER BY s.item_set, s.item""",
            {"task": task},
        )


def uncounted(workspace: Any, task: str) -> dict[str, int]:
    """Return by run how many of its rows a later run of the model replaces."""
    with reading(workspace) as engine:
        found = engine.sql(
            """SELECT r.run_id, r.n_outcomes - r.n_counted AS n FROM runs r
            JOIN tasks t ON t.code = r.task AND t.name = ? WHERE r.n_outcomes > r.n_counted
            ORDER BY r.run_id""",
            [task],
        )
    return {str(run): int(n) for run, n in zip(found["run_id"], found["n"], strict=True)}
