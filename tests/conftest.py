"""Print how long each group of tests took."""

from collections import defaultdict

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")

SECONDS: dict[str, float] = defaultdict(float)
COUNTS: dict[str, int] = defaultdict(int)


def _group(item: pytest.Item) -> str:
    if item.path.name == "test_lint.py":
        return "lint and types"
    for marker in ("browser", "slow"):
        if item.get_closest_marker(marker):
            return marker
    return "unit"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = (yield).get_result()
    SECONDS[_group(item)] += report.duration
    COUNTS[_group(item)] += report.when == "call"


def pytest_terminal_summary(terminalreporter):
    terminalreporter.line("time by group")
    for group in sorted(SECONDS, key=SECONDS.__getitem__, reverse=True):
        terminalreporter.line(f"{group:<20} {COUNTS[group]:5d} tests {SECONDS[group]:8.1f} s")
    terminalreporter.line("")
