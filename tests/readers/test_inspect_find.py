"""The sample behind an outcome is found again, also where its id is not the id of the item."""

import pytest

from stresslab.errors import ReadError
from stresslab.readers import inspect
from stresslab.readers._inspect_find import sample_of
from tests.readers.inspect_files import sample, write_eval, write_json


def of_item(name, item, tier, **more):
    return sample(name, metadata={"base_id": item, "tier": tier, "tier_level": tier}, **more)


@pytest.mark.parametrize("write", [write_eval, write_json])
def test_every_outcome_leads_back_to_its_sample(tmp_path, write):
    samples = [of_item(f"{item}-{tier}", item, tier, epoch=epoch)
               for item in ("1", "11") for tier in (0, 1) for epoch in (1, 2)]  # fmt: skip
    path = write(tmp_path / f"run.{write.__name__.removeprefix('write_')}", samples)
    mapping = inspect.propose(path)
    rows = [row for batch in inspect.read(path, mapping) if batch.table == "outcomes"
            for row in batch.rows.to_pylist()]  # fmt: skip
    assert len(rows) == len(samples)
    found = [sample_of(path, mapping, row["variant_id"], row["trial"]) for row in rows]
    assert {(one["id"], one["epoch"]) for one in found} == {
        (one["id"], one["epoch"]) for one in samples
    }
    assert all(one["messages"] for one in found)


def test_a_sample_that_is_gone_is_a_sentence(tmp_path):
    path = write_eval(tmp_path / "run.eval", [sample("q1")])
    with pytest.raises(ReadError, match=r"none becomes it.*import it again"):
        sample_of(path, inspect.propose(path), "numbers/q9", 0)
