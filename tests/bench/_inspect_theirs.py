"""What inspect-ai does, run by a Python that has it: ``make N FOLDER`` or ``time LOG TABLE N``."""

import json
import random
import sys
import time


def make(n: int, folder: str) -> None:
    """Write a genuine log of `n` samples, answered by the mock model."""
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import includes, match
    from inspect_ai.solver import generate

    rng = random.Random(7)
    samples = []
    for k in range(n):
        a, b = rng.randint(1, 99), rng.randint(1, 99)
        more = "The sum is asked for in plain words. " * (k % 5)
        about = {"domain": ("small", "large")[k % 2], "part": k % 7}
        samples.append(Sample(id=f"s{k}", input=f"What is {a} + {b}? {more}", target=str(a + b),
                              metadata=about))  # fmt: skip

    def outputs():
        while True:
            output = ModelOutput.from_content("mockllm/model", f"It is {rng.randint(2, 198)}")
            output.usage = ModelUsage(input_tokens=20, output_tokens=5, total_tokens=25)
            yield output

    task = Task(
        dataset=MemoryDataset(samples, name="sums"), solver=generate(), name="sums",
        scorer=[match(location="end", numeric=True), includes()],
    )  # fmt: skip
    model = get_model("mockllm/model", custom_outputs=outputs())
    eval(task, model=model, log_dir=folder, log_format="eval", display="none", max_samples=50)


def measure(log: str, table: str, times: int) -> None:
    """Print the seconds `samples_df` takes each time, and write what it gives."""
    from inspect_ai.analysis import samples_df

    found, took = None, []
    for _ in range(times + 1):
        start, cpu = time.perf_counter(), time.process_time()
        found = samples_df(log, quiet=True)
        took.append((time.perf_counter() - start, time.process_time() - cpu))
    found.to_parquet(table)
    print(json.dumps(took[1:]))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), sys.argv[3])
    else:
        measure(sys.argv[2], sys.argv[3], int(sys.argv[4]))
