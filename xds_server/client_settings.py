"""Settings of commands: plain values without validation, since every command waits for this."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from xds_server.defaults import API_PORT, default_state

PREFIX = "FSDN_"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Settings of every command that talks to a server."""

    state: Path = field(
        default_factory=default_state,
        metadata={
            "description": "State directory of the server, where its address and token are read "
            "from."
        },
    )
    api: str = field(
        default="",
        metadata={
            "description": "URL of the REST API; empty for the address in the state directory, "
            f"else http://127.0.0.1:{API_PORT}."
        },
    )
    token_file: Path | None = field(
        default=None,
        metadata={
            "description": "File with the bearer token; the default is the state directory's."
        },
    )
    ca_file: Path | None = field(
        default=None,
        metadata={
            "description": "Authorities (PEM) that the server's certificate is checked against."
        },
    )
    cert_file: Path | None = field(
        default=None,
        metadata={
            "description": "Client certificate (PEM), for a server that demands one (its --tls-ca)."
        },
    )
    key_file: Path | None = field(
        default=None, metadata={"description": "Private key (PEM) of the client certificate."}
    )


def described(name: str) -> str:
    """Return what a setting is for, by its name."""
    return next(
        str(each.metadata["description"]) for each in fields(ClientSettings) if each.name == name
    )


def client_settings(given: Mapping[str, Path | str | None]) -> ClientSettings:
    """Return what is given, else what the environment has as FSDN_*, else the defaults.

    A value of None is not given; an empty variable is none.
    """
    told: dict[str, Any] = {}
    for each in fields(ClientSettings):
        value = given.get(each.name)
        if value is not None:
            told[each.name] = value
        elif variable := os.environ.get(PREFIX + each.name.upper()):
            told[each.name] = variable if each.name == "api" else Path(variable)
    return ClientSettings(**told)
