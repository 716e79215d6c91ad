import pytest

from tests.factory import Toy, toy_workspace


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    """Three models, two domains, two paired perturbations; nobody abstains."""
    return toy_workspace(tmp_path_factory.mktemp("toy") / "w", n_items=120)


@pytest.fixture(scope="session")
def graded(tmp_path_factory):
    """The same with tiers that hold different items."""
    return toy_workspace(
        tmp_path_factory.mktemp("graded") / "w",
        n_items=240, graded=True, perturbations={"hops": 3, "digits": 2},
    )  # fmt: skip


@pytest.fixture(scope="session")
def silent(tmp_path_factory):
    """One model abstains, one errs."""
    toy = Toy(n_items=120, abstains={"beta": 0.3}, errs={"gamma": 0.2})
    return toy_workspace(tmp_path_factory.mktemp("silent") / "w", toy)


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    from stresslab import Workspace

    return Workspace.create(tmp_path_factory.mktemp("empty") / "w")


@pytest.fixture(scope="session")
def unscored(tmp_path_factory):
    return toy_workspace(tmp_path_factory.mktemp("unscored") / "w", n_items=12, scored=False)


@pytest.fixture
def make(tmp_path):
    """Return a function that writes a toy workspace into a folder of its own."""
    made = []

    def build(**changes):
        made.append(toy_workspace(tmp_path / f"w{len(made)}", **changes))
        return made[-1]

    return build


@pytest.fixture
def ask():
    """Run an analysis by name with settings."""
    from stresslab import analyses

    def run(name, workspace, **settings):
        piece = analyses.get(name)
        return piece.run(workspace, piece.params(**settings))

    return run


@pytest.fixture
def same_tables():
    """Check that two results hold equal tables, but for the last digits of sums."""
    from pandas.testing import assert_frame_equal

    def check(first, second, *names):
        for name in names or first.tables:
            assert_frame_equal(first.tables[name], second.tables[name], rtol=1e-9, atol=1e-9)

    return check
