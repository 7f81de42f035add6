"""fsdn serve: run the controller."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from xds_server.bridge_settings import BridgeSettings
from xds_server.cli.context import shared
from xds_server.cli.exits import Exit, Fail
from xds_server.settings import ServerSettings, SettingsError
from xds_server.xds_settings import XdsSettings

_PANELS: dict[type[BaseSettings], str] = {
    XdsSettings: "Limits of the xDS port",
    BridgeSettings: "Bridges and their databases",
}
Command = Callable[..., None]


def _option(field: str, *names: str) -> Any:
    """Describe an option by the setting that it overrides, so that there is one description."""
    return typer.Option(*names, help=ServerSettings.model_fields[field].description)


def _with_limits(command: Command) -> Command:
    """Give a command an option for each setting of its ports, for typer to find."""
    own = signature(command, eval_str=True).parameters.values()
    kept = [each for each in own if each.kind is not Parameter.VAR_KEYWORD]
    limits = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=_annotated(of, name))
        for of in _PANELS
        for name in of.model_fields
    ]
    vars(command)["__signature__"] = Signature([*kept, *limits])
    return command


def _annotated(of: type[BaseSettings], name: str) -> Any:
    field = of.model_fields[name]
    flag = "--" + name.replace("_", "-")
    option = typer.Option(flag, help=field.description, rich_help_panel=_PANELS[of])
    kind: Any = field.annotation
    return Annotated[kind | None, option]


@_with_limits
def serve(
    state: Annotated[Path | None, _option("state", "--state")] = None,
    listen_api: Annotated[str | None, _option("listen_api", "--api")] = None,
    listen_health: Annotated[str | None, _option("listen_health", "--health")] = None,
    xds: Annotated[str | None, _option("xds", "--xds")] = None,
    xds_socket: Annotated[Path | None, _option("xds_socket", "--xds-socket")] = None,
    xds_workers: Annotated[int | None, _option("xds_workers", "--xds-workers")] = None,
    openflow: Annotated[str | None, _option("openflow", "--openflow")] = None,
    ovsdb: Annotated[str | None, _option("ovsdb", "--ovsdb")] = None,
    database: Annotated[str | None, _option("database", "--database")] = None,
    tls_cert: Annotated[Path | None, _option("tls_cert", "--tls-cert")] = None,
    tls_key: Annotated[Path | None, _option("tls_key", "--tls-key")] = None,
    tls_ca: Annotated[Path | None, _option("tls_ca", "--tls-ca")] = None,
    insecure: Annotated[bool | None, _option("insecure", "--insecure")] = None,
    envoy: Annotated[str | None, _option("envoy", "--envoy")] = None,
    resources: Annotated[Path | None, _option("resources", "--resources")] = None,
    secrets: Annotated[Path | None, _option("secrets", "--secrets")] = None,
    log_format: Annotated[str | None, _option("log_format", "--log-format")] = None,
    log_level: Annotated[str | None, _option("log_level", "--log-level")] = None,
    **limits: float | str | None,
) -> None:
    """Run the controller: proxies, bridges, switches and you connect to it.

    SIGTERM and SIGINT end it cleanly; devices keep what they have.
    """
    given = dict(locals())  # every option has the name of its setting
    given |= {"state": state or shared.settings.state, **given.pop("limits")}
    _run(_settings({name: value for name, value in given.items() if value is not None}))


def _settings(given: dict[str, Any]) -> ServerSettings:
    try:
        return ServerSettings.model_validate(ServerSettings().model_dump() | given)
    except ValidationError as error:
        raise Fail(_wrong(error), Exit.USAGE) from error


def _wrong(error: ValidationError) -> str:
    found = [
        f"{'.'.join(map(str, each['loc']))} is {each['input']!r}: {each['msg']}"
        for each in error.errors()
    ]
    return f"a setting is wrong: {'; '.join(found)}; see the options and the FSDN_ variables"


def _run(settings: ServerSettings) -> None:
    try:
        settings.check()
    except SettingsError as error:
        raise Fail(str(error), Exit.USAGE) from error
    from xds_server.polling import poll_in_one_thread

    poll_in_one_thread()
    from xds_server.bootstrap import run
    from xds_server.controller.errors import MachineError

    try:
        run(settings)
    except MachineError as error:
        raise Fail(str(error), Exit.MACHINE) from error
