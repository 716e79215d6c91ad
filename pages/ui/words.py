"""User-made text made harmless: Markdown shown as written, HTML escaped, CSV without formulas."""

import re
from html import escape
from typing import TYPE_CHECKING, Any

from stresslab.spreadsheet import unformula

if TYPE_CHECKING:
    import pandas as pd

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&\"'])")
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*")


def plain(text: Any) -> str:
    """Return text so that Markdown shows it exactly as written, on one line."""
    return MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def html(text: Any) -> str:
    """Return text so that HTML shows it exactly as written."""
    return escape("" if text is None else str(text), quote=True)


def is_image(text: Any) -> bool:
    """Return whether `text` is an image of the four kinds a browser draws without running it."""
    return isinstance(text, str) and IMAGE.fullmatch(text) is not None


def csv(table: "pd.DataFrame") -> bytes:
    """Return a table as CSV in which no text cell can be taken for a formula."""
    safe = table.copy()
    for column in safe.columns:
        if safe[column].dtype.kind not in "fiub":
            safe[column] = safe[column].map(unformula, na_action="ignore")
    safe.columns = [unformula(str(column)) for column in safe.columns]
    text: str = safe.to_csv(index=False)
    return text.encode("utf-8")


def parquet(table: "pd.DataFrame") -> bytes:
    """Return a table as Parquet."""
    import io

    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()
