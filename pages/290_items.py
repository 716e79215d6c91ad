"""Which inputs are behind a number, and what did every model say to them?"""

from pages.ui import choose, compute, grid, item, sample, show, state

head = show.title("What did they answer?")
opened = compute.workspace_or_stop()
chosen = state.told(state.ITEM)

if chosen:
    params = choose.params("item", opened, hide=("metric",), item_id=chosen)
    result = compute.run("item", params, opened)
    item.header(result, head)
    item.draw(result, opened)
    sample.draw(result, opened)
else:
    page = {"limit": grid.ROWS, "offset": choose.offset(grid.ROWS)}
    params = choose.params("items", opened, hide=("metric",), **page)
    result = compute.run("items", params, opened)
    grid.header(result, head)
    grid.draw(result, opened)

show.details(result, opened)
show.actions(head, opened)
