"""Find the sample of an Inspect log behind an outcome, whatever the mapping made of its id."""

from pathlib import Path

from stresslab.errors import ReadError
from stresslab.readers import inspect
from stresslab.readers._inspect_log import opened
from stresslab.readers._inspect_sample import Records
from stresslab.readers._inspect_scores import JsonObject
from stresslab.readers._mapping import Mapping, Source, value_key
from stresslab.readers._rows import LongTable
from stresslab.store.scan import Chunk


def sample_of(path: Path, mapping: Mapping, variant_id: str, trial: int) -> JsonObject:
    """Return the whole sample that became an outcome: messages, output, events, attachments.

    The summaries are read until the one is found that the mapping makes this variant and trial.

    Raises
    ------
    ReadError
        If the log cannot be read or no sample of it becomes this variant and trial.
    """
    with opened(path) as log:
        records = Records(log.header, mapping.fields(), "score")
        item = mapping.getter(mapping.sources.get("item", Source()))
        for found in log.samples(whole=False):
            if not isinstance(found, tuple):
                continue
            row, _ = records.row(found[0])
            said = item(row)
            if said is None or value_key(said).strip() not in variant_id:
                continue
            if (variant_id, trial) in _keys(mapping, path, row):
                name, epoch = str(found[0].get("id")), int(found[0].get("epoch") or 1)
                return inspect.one_sample(path, name, epoch)
    raise ReadError(
        f"{path} must hold the sample behind {variant_id!r}, trial {trial}; none becomes it. The "
        "log was changed since it was imported: import it again."
    )


def _keys(mapping: Mapping, path: Path, row: JsonObject) -> set[tuple[str, int]]:
    """Return variant and trial of the outcome a sample becomes."""
    table = LongTable(mapping, path.name)
    return {
        (one["variant_id"], one["trial"])
        for batch in table.add(Chunk(rows=[(1, row)]))
        if batch.table == "outcomes"
        for one in batch.rows.select(["variant_id", "trial"]).to_pylist()
    }
