"""The message class behind a type URL: extensions are imported when somebody names them."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from betterproto2 import Message
from envoy_data_plane.message_pool import default_message_pool

PREFIX = "type.googleapis.com/"
_ROOT = "envoy_data_plane"
_URL = re.compile(rf"{re.escape(PREFIX)}((?:[a-z][a-z0-9_]*\.)+)[A-Z][A-Za-z0-9]*(?:\.[A-Z]\w*)*")


@cache
def message_type(url: str) -> type[Message] | None:
    """Return the class of a type URL, or None where the API (envoy-data-plane) has no such type.

    A class is known to the package's registry only once its module is imported, so that the module
    is looked up by the package part of the URL; nothing outside envoy-data-plane is imported.
    """
    found = _URL.fullmatch(url)
    if found is None:
        return None
    package = found[1].rstrip(".")
    try:
        import_module(f"{_ROOT}.{package}")
    except ModuleNotFoundError as error:
        if not f"{_ROOT}.{package}".startswith(error.name or "-"):
            raise  # a module that exists and lacks something: not the author's fault
        return None
    kind: type[Message] | None = default_message_pool.url_to_type.get(url)
    return kind
