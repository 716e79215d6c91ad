"""Items whose identity is in doubt: one id with two contents, or one content under two ids."""

from typing import TYPE_CHECKING, Any

from stresslab.store.engine import reading

if TYPE_CHECKING:
    import pandas as pd

MOST = 1_000
"""Items listed of each kind; all of them are counted."""


def edited(workspace: Any, item_id: str | None = None) -> "pd.DataFrame":
    """Return the versions of every edited item, or of one, first sight first.

    Columns: ``task, item_id, content_hash, models``.
    """
    with reading(workspace) as engine:
        return engine.sql(
            f"""WITH several AS (
                SELECT task, item FROM item_hashes JOIN items USING (task, item)
                WHERE item_id = coalesce(?, item_id)
                GROUP BY task, item HAVING count(*) > 1 ORDER BY task, item LIMIT {MOST})
            SELECT t.name AS task, i.item_id, h.content_hash,
                (SELECT string_agg(DISTINCT m.name, ', ' ORDER BY m.name)
                    FROM item_versions v JOIN models m ON m.code = v.model
                    WHERE v.task = h.task AND v.item = h.item AND v.version = h.version) AS models
            FROM several s JOIN item_hashes h USING (task, item)
            JOIN items i USING (task, item) JOIN tasks t ON t.code = s.task
            ORDER BY s.task, s.item, h.version""",
            [item_id],
        )


def possible_matches(workspace: Any) -> "pd.DataFrame":
    """Return items with equal contents and different ids, as ``task, content_hash, item_id``."""
    with reading(workspace) as engine:
        return engine.sql(
            f"""WITH several AS (
                SELECT task, content_hash FROM item_hashes GROUP BY task, content_hash
                HAVING count(DISTINCT item) > 1 ORDER BY task, content_hash LIMIT {MOST})
            SELECT t.name AS task, h.content_hash, i.item_id
            FROM several s JOIN item_hashes h USING (task, content_hash)
            JOIN items i USING (task, item) JOIN tasks t ON t.code = s.task
            ORDER BY s.task, s.content_hash, h.item"""
        )
