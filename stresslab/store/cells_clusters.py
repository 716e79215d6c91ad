"""Cells from cluster sums: any merge of cells where items come in groups or several trials."""

from collections.abc import Sequence

from stresslab.store.cells_cube import Raw, complete, cube_rows, meeting
from stresslab.store.cells_facts import STATUS_COUNTS, cells_of_clusters, raw
from stresslab.store.slicing import Slicer


def from_clusters(slicer: Slicer, by: Sequence[str]) -> tuple[Raw, dict[str, int]] | None:
    """Return raw cells, or None if there are no cluster sums or some values are unmatched."""
    import narwhals as nw

    engine, question = slicer.engine, slicer.question
    if not engine.dims.task_rows[slicer.task].has_cluster_cube:
        return None
    rows = cube_rows(slicer)
    finest = {name: values[rows["level"] == 7] for name, values in rows.items()}
    if not complete(slicer, meeting(slicer, finest)):
        return None
    unmatched = dict.fromkeys(question.models, 0) if question.is_common else {}
    frame = engine.table("cluster_cube").filter(
        nw.col("task") == slicer.task,
        nw.col("measure") == slicer.dims.measures.index(question.measure),
        nw.col("model").is_in(slicer.models),
    )
    columns = [source.column for source in slicer.by_sources(by).values()]
    keys = list(dict.fromkeys(["model", *columns]))
    clusters = (
        slicer.rows(frame, by)
        .group_by(*keys, "cluster")
        .agg(
            *(
                nw.col("n_answered_rows" if name == "n_answered" else name).sum().alias(name)
                for name in ("n_rows", *STATUS_COUNTS)
            ),
            *(nw.col(name).sum() for name in ("total", "sq", "n_other")),
            nw.col("n_scored").sum().cast(nw.Float64).alias("n_scored"),
            nw.col("n_answered").sum().cast(nw.Float64).alias("n_known_answers"),
        )
    )
    return raw(engine.collect(cells_of_clusters(clusters, keys, question))), unmatched
