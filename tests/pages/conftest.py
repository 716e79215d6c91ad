import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.factory import Toy, fill, steady

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("[0-9]*_*.py"))
EVIL = "<script>alert(1)</script>"
NAUGHTY = f"{EVIL} **bold** [link](http://x.example) $x$ :red[r] =1+1"


@pytest.fixture
def opened(monkeypatch):
    """Open a page of the app on workspaces, as a link would."""

    def open_page(page, *workspaces, **query):
        monkeypatch.setenv("STRESSLAB_WORKSPACES", os.pathsep.join(map(str, workspaces)))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        return app if page == PAGES[0] else app.switch_page(page).run()

    return open_page


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    from stresslab import Workspace

    return Workspace.create(tmp_path_factory.mktemp("empty") / "empty").path


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    from stresslab import Workspace

    workspace = Workspace.create(tmp_path_factory.mktemp("toy") / "toy")
    fill(workspace, Toy(abstains={"beta": 0.2}, errs={"alpha": 0.02}, part_of={"gamma": 0.3}))
    fill(
        workspace,
        Toy(task="steps", graded=True, models={"alpha": steady(0.7), "delta": steady(0.5)}),
    )
    workspace.set_config("models", "alpha", {"alias": "Alpha + LR"})
    workspace.set_config("tasks", "toy", {"title": "Toy task", "chance": 0.5})
    workspace.set_config("slices", "late", "tier >= 2")
    return workspace.path


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """A workspace in which everything a user or a model can write is an attack."""
    import json

    from stresslab import Workspace

    workspace = Workspace.create(tmp_path_factory.mktemp("hostile") / "hostile")
    for model in (f"a{EVIL}", "b**bold**"):
        items, variants, outcomes = [], [], []
        for number in range(12):
            item = f"set/{number}{EVIL}"
            items.append(
                {"item_id": item, "item_set": "set", "task": f"task {EVIL}", "input": NAUGHTY,
                 "reference": json.dumps(NAUGHTY), "domain": f"d{number % 2}{EVIL}",
                 "attributes": json.dumps({"length": number})}
            )  # fmt: skip
            for tier in (0, 1, 2):
                name = f"p{EVIL}" if tier else None
                variant = f"{item}#{name}:{tier}" if tier else item
                variants.append(
                    {"variant_id": variant, "item_id": item, "perturbation": name, "tier": tier,
                     "axis": "paired", "input": f"{NAUGHTY} {tier}", "unit": EVIL, "strength": tier}
                )  # fmt: skip
                right = (number + tier + len(model)) % 3 > 0
                outcomes.append(
                    {"variant_id": variant, "trial": 0, "status": "answered", "output": NAUGHTY,
                     "answer": NAUGHTY, "score": float(right), "correct": int(right),
                     "confidence": 0.9}
                )  # fmt: skip
        with workspace.add_run(
            model=model, task=f"task {EVIL}", reader="test",
            source={"format": "x", "path": EVIL, "sha256": model, "version": "1"},
        ) as run:  # fmt: skip
            run.write("items", items)
            run.write("variants", variants)
            run.write("outcomes", outcomes)
        workspace.set_config("models", model, {"alias": f"{model} {NAUGHTY}"})
    workspace.set_config("slices", EVIL, "tier > 0")
    return workspace.path
