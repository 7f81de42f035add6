"""Policy: the one verb, what may happen between sources and destinations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from translators.policy.match import Match
from translators.policy.scalars import Duration, Name, Network, Ref, shown, wrong
from translators.policy.service import Labels
from translators.policy.shape import AtLeastOne, Metadata, Shape, Thing, check_exactly_one


class Source(Shape):
    """Whose traffic it is: exactly one of the fields."""

    labels: Labels | None = None
    workload: Ref | None = None
    segment: Ref | None = None
    cidr: Network | None = None
    any: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> Source:
        check_exactly_one(self)
        return self


class Destination(Source):
    """Where it goes; ``any`` and ``segment`` select workloads and services alike."""

    service: Ref | None = None


class Share(Shape):
    """A weighted destination: a subset of the addressed service, or all of it."""

    subset: Name | None = None
    weight: Annotated[int, Field(ge=0, le=65535)] = 1


class Route(Shape):
    """Where allowed requests go."""

    to: Annotated[list[Share], AtLeastOne]
    timeout: Duration | None = None


class Rule(Shape):
    """One clause; the first whose match holds decides."""

    match: Match = Match()
    action: Literal["allow", "deny"] | None = None
    route: Route | None = None
    enforce: Literal["auto", "proxy", "vswitch", "fabric"] = "auto"

    @model_validator(mode="after")
    def _decides(self) -> Rule:
        if self.action is None and self.route is None:
            raise wrong("the rule has no action", "add action: allow or action: deny", "FS1011")
        if self.action == "deny" and self.route is not None:
            message = "a rule that denies cannot route"
            raise wrong(message, "keep action or route", "FS1015", "route")
        return self


def parse_encrypt(value: object) -> str:
    """Return ``off``, the only value that this version carries out."""
    if value in ("permissive", "required"):
        mend = "write encrypt: off, or leave it out"
        raise wrong(f"encrypt: {value} is not available yet", mend, "FS1013")
    if value != "off":
        raise wrong(f"{shown(value)} is not off, permissive or required", "write encrypt: off")
    return "off"


class PolicySpec(Shape):
    """Higher ``priority`` first; among equals policies that only deny, then by name."""

    priority: Annotated[int, Field(ge=0, le=65535)] = 0
    from_: Annotated[list[Source], AtLeastOne, Field(alias="from")]
    to: Annotated[list[Destination], AtLeastOne]
    rules: Annotated[list[Rule], AtLeastOne]
    encrypt: Annotated[str, PlainValidator(parse_encrypt), WithJsonSchema({"enum": ["off"]})] = (
        "off"
    )


class Policy(Thing):
    """What may happen between sources and destinations of one tenant."""

    kind: Literal["Policy"]
    metadata: Metadata
    spec: PolicySpec
