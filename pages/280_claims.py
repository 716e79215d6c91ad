"""Do the logs support what a paper or a colleague says?"""

from pages.ui import choose, claims, compute, show

head = show.title("Does the claim hold?")
opened = compute.workspace_or_stop()
text = claims.editor(opened)
params = choose.params(
    "claim_check", opened, hide=("models", "metric", "margin", "power"), claims=text
)
result = compute.run("claim_check", params, opened)
table = result.tables["claim_check"]

show.answer(result, head, most=5)
show.chart(
    "dots",
    claims.drawn(table),
    alt="Recomputed numbers with intervals beside the printed ones",
    lines=claims.level(table),
    x_title="recomputed (dot with interval) and printed (tick)",
)
show.remarks(result)
show.table(table, "claim_check", opened)
show.details(result, opened)
show.actions(head, opened)
