"""Who can reach this app: only this computer, or others too."""

import ipaddress

import streamlit as st


def is_own() -> bool:
    """Return whether only somebody at this computer can be at this page.

    The server must listen on a loopback address, and the browser must have asked for one: a proxy
    in between, or a name that leads here from outside, shows itself in what the browser asked for.
    """
    headers = st.context.headers
    if headers.get("X-Forwarded-For") or headers.get("Forwarded"):
        return False
    asked = headers.get("Host")
    return _is_loopback(st.get_option("server.address")) and (
        asked is None or _is_loopback(_without_port(asked))
    )


def _without_port(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_loopback(host: str | None) -> bool:
    if not host:
        return False  # Streamlit then listens on every address
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
