"""The button that copies the address of what is on screen."""

import streamlit as st

_BUTTON = st.components.v2.component(
    "stresslab_copy",
    html="""<button type="button"></button>
    """,
    css="""
    button {
      font: inherit; font-size: 0.875rem; padding: 0.25rem 0.75rem; min-height: 2.5rem;
      color: var(--st-text-color); background: var(--st-background-color);
      border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
      cursor: pointer; white-space: nowrap;
    }
    button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
    button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
    """,
    js="""
    export default function (component) {
      const { data, parentElement } = component;
      const button = parentElement.querySelector("button");
      const label = "Copy link";
      button.textContent = label;
      const byHand = (text) => {
        const field = document.createElement("textarea");
        field.value = text;
        document.body.appendChild(field);
        field.select();
        const done = document.execCommand("copy");
        field.remove();
        return done;
      };
      button.onclick = async () => {
        const text = window.location.origin + window.location.pathname + data.query;
        let done = false;
        try {
          await navigator.clipboard.writeText(text);
          done = true;
        } catch (error) {
          done = byHand(text);
        }
        button.textContent = done ? "Copied" : text;
        setTimeout(() => { button.textContent = label; }, 1600);
      };
    }
    """,
)


def button(query: str) -> None:
    """Draw the button; `query` is the query string of this run, with its question mark."""
    _BUTTON(key="copy_link", data={"query": query}, width="content")
