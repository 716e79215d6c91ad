"""The same lazy expressions give the same cells on Spark, over the same tables as Parquet."""

import os
import shutil
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from stresslab.store import query
from stresslab.store.contents import resolve
from stresslab.store.engine import SparkEngine, export, reading
from stresslab.store.index import ensure
from tests.store import small
from tests.store.test_query import CONDITIONS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java"),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def session():
    sql = pytest.importorskip("pyspark.sql")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        for name in ("spark.driver.host", "spark.driver.bindAddress"):
            builder = builder.config(name, "127.0.0.1")
        session = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small.build(tmp_path_factory.mktemp("spark") / "w")[0]


@pytest.mark.parametrize(
    ("condition", "by"),
    [("all", ("perturbation", "tier")), ("mixed", ("domain", "item.kind")), ("attribute", ())],
)
def test_cells_on_spark_equal_those_on_duckdb(session, workspace, tmp_path_factory, by, condition):
    generation = ensure(workspace)
    folder = tmp_path_factory.getbasetemp() / "exported"
    if not folder.exists():
        export(generation, folder)
    question = resolve(workspace, task="trials", models=small.MODELS)
    question = replace(question, where=CONDITIONS[condition])
    on_spark = query.try_path(SparkEngine(session, folder, generation), question, by, "facts")
    with reading(workspace) as engine:
        on_duckdb = query.try_path(engine, question, by, "facts")
    keys = ["model", *by]
    assert on_spark[keys].astype(object).equals(on_duckdb[keys].astype(object))
    for name in query.CELL_COLUMNS:
        np.testing.assert_allclose(on_spark[name], on_duckdb[name], atol=1e-12, rtol=1e-12)
