"""The first words of variants, and small images of their items, for pictures of many rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stresslab.store.engine import reading

if TYPE_CHECKING:
    import pandas as pd

LENGTH = 140


def excerpts(workspace: Any, task: str, variants: Sequence[int]) -> "pd.DataFrame":
    """Return ``variant_id, item_id, domain, perturbation, text`` of variants, in their order.

    `text` is the beginning of the input; None where it is not kept or is an image.
    """
    import pandas as pd

    codes = [int(one) for one in variants]
    with reading(workspace) as engine:
        found = engine.sql(
            f"""SELECT v.variant, v.variant_id, i.item_id, d.name AS domain,
                p.name AS perturbation,
                CASE WHEN NOT starts_with(coalesce(v.input, i.input), 'data:')
                THEN left(coalesce(v.input, i.input), {LENGTH}) END AS text
            FROM (SELECT * FROM variants WHERE task = $task
                AND variant IN (SELECT unnest($codes::INTEGER[]))) v
            JOIN (SELECT * FROM items WHERE task = $task) i ON i.item = v.item
            LEFT JOIN domains d ON d.code = i.domain
            LEFT JOIN perturbations p ON p.code = v.perturbation""",
            {"task": engine.dims.tasks.index(task), "codes": codes},
        )
    order = pd.DataFrame({"variant": pd.Series(codes, dtype="int64")})
    return order.merge(found, on="variant", how="left").drop(columns="variant")


def thumbnails(
    workspace: Any, task: str, item_ids: Sequence[str], *, most: int = 800
) -> "pd.DataFrame":
    """Return ``item_id, image`` (an address that holds the image) of the first items that have one.

    Parameters
    ----------
    most : int
        Images returned at most; a larger one than 20 kB is left out.
    """
    with reading(workspace) as engine:
        return engine.sql(
            f"""SELECT item_id, input AS image FROM items WHERE task = $task
            AND starts_with(input, 'data:image/') AND length(input) < 20000
            AND item_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY item LIMIT {int(most)}""",
            {"task": engine.dims.tasks.index(task), "ids": list(item_ids)},
        )


def inputs(workspace: Any, task: str, variants: Sequence[int]) -> "pd.DataFrame":
    """Return ``variant_id, input`` of variants, in their order; None where it is not kept.

    A variant that is made anew from its item, or that nobody kept, has none: that of the item is
    another input.
    """
    import pandas as pd

    codes = [int(one) for one in variants]
    with reading(workspace) as engine:
        found = engine.sql(
            """SELECT v.variant, v.variant_id,
                CASE WHEN v.perturbation = -1 OR t.axis = 'graded'
                THEN coalesce(v.input, i.input) ELSE v.input END AS input
            FROM (SELECT * FROM variants WHERE task = $task
                AND variant IN (SELECT unnest($codes::INTEGER[]))) v
            JOIN (SELECT * FROM items WHERE task = $task) i ON i.item = v.item
            LEFT JOIN task_perturbations t ON t.task = $task AND t.perturbation = v.perturbation""",
            {"task": engine.dims.tasks.index(task), "codes": codes},
        )
    order = pd.DataFrame({"variant": pd.Series(codes, dtype="int64")})
    return order.merge(found, on="variant", how="left").drop(columns="variant")
