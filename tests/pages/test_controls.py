from tests.pages.conftest import PAGES

OVERVIEW, CURVES, COMPARE, ITEMS = (
    next(page for page in PAGES if name in page)
    for name in ("overview", "tier_curves", "compare", "items")
)


def test_a_link_sets_the_controls_with_plain_names(opened, toy):
    app = opened(OVERVIEW, toy, workspace="toy", models=["alpha", "beta"], metric="confidence")
    assert app.multiselect(key="models").value == ["alpha", "beta"]
    assert app.selectbox(key="metric").value == "confidence"
    assert not app.exception


def test_a_changed_control_goes_into_the_address(opened, toy):
    app = opened(OVERVIEW, toy)
    app.multiselect(key="models").set_value(["beta"]).run()
    assert app.query_params["models"] == "beta"


def test_the_address_names_the_workspace_and_no_path(opened, toy):
    app = opened(OVERVIEW, toy)
    assert app.query_params["workspace"] == "toy"
    assert str(toy) not in str(dict(app.query_params))


def test_settings_go_along_to_the_next_page(opened, toy):
    app = opened(OVERVIEW, toy, where='domain = "north"')
    app.switch_page(CURVES).run()
    assert app.text_input(key="where").value == 'domain = "north"'


def test_a_link_wins_over_what_was_chosen_before(opened, toy):
    app = opened(OVERVIEW, toy, workspace="toy", where="tier > 0")
    app.query_params["where"] = "tier > 1"
    app.run()
    assert app.text_input(key="where").value == "tier > 1"


def test_an_unknown_value_in_a_link_falls_back_to_the_default(opened, toy):
    app = opened(OVERVIEW, toy, workspace="toy", models=["nobody"], task="nothing")
    assert not app.exception
    assert app.multiselect(key="models").value == []


def test_another_task_forgets_models_it_does_not_have(opened, toy):
    app = opened(OVERVIEW, toy, models=["beta"])
    app.selectbox(key="task").set_value("steps").run()
    assert not app.exception
    assert app.multiselect(key="models").value == []


def test_a_condition_that_cannot_be_read_is_a_sentence(opened, toy):
    app = opened(OVERVIEW, toy, where="domain ===")
    assert not app.exception
    assert app.error


def test_a_slice_without_rows_says_so_and_shows_no_zero(opened, toy):
    app = opened(OVERVIEW, toy, where='domain = "atlantis"')
    assert not app.exception


def test_a_chip_takes_its_condition_away(opened, toy):
    app = opened(OVERVIEW, toy, where='domain = "north" and tier > 0')
    app.button(key="_clause_0").click().run()
    assert app.query_params["where"] == "tier > 0"


def test_a_slice_is_saved_in_the_workspace_and_offered(opened, toy):
    app = opened(OVERVIEW, toy, where='domain = "south"')
    app.text_input(key="_slice_name").set_value("the south").run()
    next(one for one in app.button if one.label == "Save").click().run()
    assert app.success
    assert app.run().button(key="_saved_the south")


def test_the_command_of_a_page_computes_the_same(opened, toy):
    app = opened(OVERVIEW, toy, where='domain = "north"', models=["alpha", "beta"])
    assert not app.code, "it is sent when it is asked for"
    app.session_state["details"] = True
    command = app.run().code[-1].value
    assert "stresslab analyze overview" in command
    assert "'where=domain = \"north\"'" in command
    assert "models=alpha,beta" in command


def test_one_item_is_a_link_with_neighbours(opened, toy):
    app = opened(OVERVIEW, toy)
    app.switch_page(ITEMS)
    app.query_params["workspace"] = "toy"
    app.query_params["item"] = "toy/1"
    app.run()
    assert not app.exception
    next(one for one in app.button if one.label == "Next").click().run()
    assert app.query_params["item"] != "toy/1"


def test_two_models_are_compared_by_default(opened, toy):
    app = opened(COMPARE, toy)
    assert len(app.multiselect(key="models").value) == 2


def test_a_damaged_workspace_is_a_sentence(opened, tmp_path):
    (tmp_path / "odd").mkdir()
    app = opened(OVERVIEW, tmp_path / "odd")
    assert not app.exception
    assert app.error


def test_a_model_below_the_line_is_not_compared_by_default(opened, tmp_path):
    from stresslab import Workspace
    from tests.factory import Toy, fill, steady

    workspace = Workspace.create(tmp_path / "part")
    models = {"aaa": steady(0.5), "bbb": steady(0.6), "ccc": steady(0.7)}
    fill(workspace, Toy(models=models, n_items=20, part_of={"aaa": 0.2}))
    app = opened(COMPARE, workspace.path)
    assert app.multiselect(key="models").value == ["bbb", "ccc"]
    assert app.multiselect(key="models").options == ["bbb", "ccc", "aaa"]


def test_presenting_is_a_switch_of_the_address_that_goes_along(opened, toy):
    app = opened(OVERVIEW, toy)
    assert not app.toggle(key="present").value
    app.toggle(key="present").set_value(True).run()
    assert app.query_params["present"] == "true"
    app.switch_page(CURVES).run()
    assert app.toggle(key="present").value
