"""The seam between the queries and what runs them: DuckDB here, Spark when one machine is small.

A query is a Narwhals lazy expression over the tables of the index; nothing else of an engine is
known above this file.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from stresslab.store.dims import Dims, dims_of
from stresslab.store.index import Generation, connect, ensure

if TYPE_CHECKING:
    import duckdb
    import narwhals as nw
    import pandas as pd
    import pyarrow as pa


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

    def arrow(self, frame: "nw.LazyFrame[Any]") -> "pa.Table":
        """Run a lazy frame and return its rows, nulls and long integers as they are."""
        ...


class DuckDBEngine:
    """Runs queries on the index file of a generation, opened for one call.

    Parameters
    ----------
    generation : Generation
        What is asked.
    connected : callable
        Returns a read-only connection to it; not called before rows are asked for.
    """

    def __init__(
        self, generation: Generation, connected: "Callable[[], duckdb.DuckDBPyConnection]"
    ) -> None:
        self.generation = generation
        self.dims = dims_of(generation)
        self._connected = connected

    @cached_property
    def con(self) -> "duckdb.DuckDBPyConnection":
        """Return the connection; `sql` (DuckDB-only queries) runs on it, too."""
        return self._connected()

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

    def arrow(self, frame: "nw.LazyFrame[Any]") -> "pa.Table":
        """Run a lazy frame and return its rows, nulls and long integers as they are."""
        relation: Any = frame.to_native()
        found: pa.Table = relation.to_arrow_table()
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
        found: pd.DataFrame = self.arrow(frame).to_pandas()
        return found

    def arrow(self, frame: "nw.LazyFrame[Any]") -> "pa.Table":
        """Run a lazy frame and return its rows, nulls and long integers as they are."""
        found: pa.Table = frame.to_native().toArrow()
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
    with opened(ensure(workspace)) as engine:
        yield engine


@contextmanager
def opened(generation: Generation) -> Iterator[DuckDBEngine]:
    """Ask a generation for one call; its file is opened at the first question that needs it."""
    with ExitStack() as stack:
        yield DuckDBEngine(generation, lambda: stack.enter_context(connect(generation)))
