"""A plan whose model is slow enough to be killed: run as ``python slow_plan.py WORKSPACE LOG``.

Every input the model is asked about is appended to LOG, so that a test can count repetitions.
"""

import sys
import time
from pathlib import Path

from stresslab import runners
from stresslab.jobs.demo._rows import item_row, variant_rows
from stresslab.jobs.demo.plans import making
from stresslab.jobs.run_plan import Plan, run_plan
from stresslab.store.workspace import Workspace

TEXTS = {
    f"films/{n}": f"a {'lovely warm' if n % 2 else 'cold awful'} film number {n}" for n in range(60)
}
LABELS = {item: "positive" if n % 2 else "negative" for n, item in enumerate(TEXTS)}
TIERS = {"text.typos": (1, 3), "text.distractors": (2,)}


def plan(log: Path | None = None, seconds: float = 0.0) -> Plan:
    """Return a real model (TF-IDF) over 60 sentences and their variants, slowed down."""

    def load():
        predict = runners.get("tfidf").load(
            texts=list(TEXTS.values()), labels=list(LABELS.values())
        )

        def slowly(batch):
            time.sleep(seconds)
            if log is not None:
                with log.open("a") as file:
                    file.writelines(f"{text}\n" for text in batch)
            return predict(batch)

        return slowly

    items = [
        item_row(item=item, item_set="films", task="films", text=text, reference=LABELS[item],
                 domain="films", attributes={"length": len(text)})
        for item, text in TEXTS.items()
    ]  # fmt: skip
    return Plan(
        "slow", "films", "tfidf", load, items=items, variants=list(variant_rows(list(TEXTS), TIERS)),
        input_of=making(TEXTS), settings={"seed": 0}, batch=4,
    )  # fmt: skip


if __name__ == "__main__":
    workspace = Workspace.open(sys.argv[1])
    for _ in run_plan(workspace, plan(Path(sys.argv[2]), 0.02), seconds_a_part=0.0):
        pass
