"""The seam between the queries and what runs them: DuckDB here, Spark when one machine is small.

A query is a Narwhals lazy expression over the tables of the index; nothing else of an engine is
known above this file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from stresslab.store.dims import Dims, dims_of
from stresslab.store.index import Generation, connect, ensure

if TYPE_CHECKING:
    import duckdb
    import narwhals as nw
    import pandas as pd


class Engine(Protocol):
    """What runs a query over the tables of one index generation."""

    generation: Generation
    dims: Dims

    def table(self, name: str) -> "nw.LazyFrame[Any]":
        """Return a table of the index as a lazy frame."""
        ...

    def collect(self, frame: "nw.LazyFrame[Any]") -> "pd.DataFrame":
        """Run a lazy frame and return its rows."""
        ...


class ClosedEngine:
    """Knows a generation's dictionaries and cubes and opens nothing.

    Parameters
    ----------
    generation : Generation
        What is asked.
    """

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.dims = dims_of(generation)

    def table(self, name: str) -> "nw.LazyFrame[Any]":
        """Refuse: there is no connection."""
        raise RuntimeError(f"Table {name} needs an open engine.")

    def collect(self, frame: "nw.LazyFrame[Any]") -> "pd.DataFrame":
        """Refuse: there is no connection."""
        raise RuntimeError("Rows need an open engine.")


class DuckDBEngine:
    """Runs queries on the index file of a generation, opened for one call.

    Parameters
    ----------
    generation : Generation
        What is asked.
    con : DuckDBPyConnection
        A read-only connection to it; `sql` (DuckDB-only queries) runs on it too.
    """

    def __init__(self, generation: Generation, con: "duckdb.DuckDBPyConnection") -> None:
        self.generation = generation
        self.dims = dims_of(generation)
        self.con = con

    def table(self, name: str) -> "nw.LazyFrame[Any]":
        """Return a table of the index as a lazy frame."""
        import narwhals as nw

        frame: nw.LazyFrame[Any] = nw.from_native(self.con.table(name))
        return frame

    def collect(self, frame: "nw.LazyFrame[Any]") -> "pd.DataFrame":
        """Run a lazy frame and return its rows."""
        relation: Any = frame.to_native()
        found: pd.DataFrame = relation.df()
        return found

    def sql(self, query: str, values: "list[Any] | dict[str, Any] | None" = None) -> "pd.DataFrame":
        """Run what Narwhals cannot say (DuckDB-only)."""
        found: pd.DataFrame = self.con.execute(query, values).df()
        return found


class SparkEngine:
    """Runs the same queries on Spark, over Parquet files written by `export`.

    Parameters
    ----------
    session : SparkSession
        A running session.
    folder : Path
        What `export` wrote.
    """

    def __init__(self, session: Any, folder: Path, generation: Generation) -> None:
        self.generation = generation
        self.dims = dims_of(generation)
        self._session, self._folder = session, folder

    def table(self, name: str) -> "nw.LazyFrame[Any]":
        """Return a table of the index as a lazy frame."""
        import narwhals as nw

        native = self._session.read.parquet(str(self._folder / f"{name}.parquet"))
        frame: nw.LazyFrame[Any] = nw.from_native(native)
        return frame

    def collect(self, frame: "nw.LazyFrame[Any]") -> "pd.DataFrame":
        """Run a lazy frame and return its rows."""
        found: pd.DataFrame = frame.to_native().toArrow().to_pandas()
        return found


def export(generation: Generation, folder: Path) -> None:
    """Write the tables of an index as Parquet files, for an engine on other machines."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    try:
        con.execute(
            f"ATTACH '{str(generation.path).replace(chr(39), chr(39) * 2)}' AS i (READ_ONLY)"
        )
        names = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'i'"
        ).fetchall()
        for (name,) in names:
            target = str(folder / f"{name}.parquet").replace("'", "''")
            con.execute(f"COPY i.{name} TO '{target}' (FORMAT parquet)")
    finally:
        con.close()


@contextmanager
def reading(workspace: Any) -> Iterator[DuckDBEngine]:
    """Open the index of a workspace for one call, building it first if need be."""
    generation = ensure(workspace)
    with connect(generation) as con:
        yield DuckDBEngine(generation, con)
