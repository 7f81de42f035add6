"""Policy: the one verb, what may happen between sources and destinations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from translators.policy.match import Match
from translators.policy.mirror import Mirror
from translators.policy.scalars import Duration, Name, Network, Ref, shown, wrong
from translators.policy.service import Labels
from translators.policy.shape import AtLeastOne, Metadata, Shape, Thing, check_exactly_one
from translators.policy.shaping import Shaping


class Source(Shape):
    """Whose traffic it is: exactly one of the fields."""

    labels: Labels | None = None
    """Workloads of the policy's tenant that have all of these labels, such as ``{app: web}``."""
    workload: Ref | None = None
    """One workload, as ``name`` or ``tenant/name``."""
    segment: Ref | None = None
    """All of a segment, as ``name`` or ``tenant/name``."""
    cidr: Network | None = None
    """Workloads by address, such as ``10.10.0.0/28``."""
    any: Literal[True] | None = None
    """Always ``true``: all of the tenant."""

    @model_validator(mode="after")
    def _one(self) -> Source:
        check_exactly_one(self)
        return self


class Destination(Source):
    """Where it goes; ``any`` and ``segment`` select workloads and services, nobody outside."""

    external: Network | None = None
    """Addresses outside that no segment has, such as ``0.0.0.0/0`` or ``203.0.113.0/24``; the
    source's host needs ``external``. TCP, UDP and ICMP leave, under the host's address."""
    service: Ref | None = None
    """One service, as ``name`` or ``tenant/name``: its virtual addresses, and its endpoints behind
    them."""


class Share(Shape):
    """A weighted destination: a subset of the addressed service, or all of it.

    The endpoints of a destination share its weight evenly.
    """

    subset: Name | None = None
    """Subset of the addressed service; left out, all of the service."""
    weight: Annotated[int, Field(ge=0, le=65535)] = 1
    """Share of the requests, or of new connections, relative to the other weights of the route, 0
    to 65535; 0: none, and what is established goes on."""


class Retry(Shape):
    """How often a request is tried again. Only GET, HEAD, OPTIONS, TRACE, PUT and DELETE are."""

    attempts: Annotated[int, Field(ge=0, le=10)] = 1
    """Tries after the first, 0 to 10, on other endpoints where there are some; 0: none."""
    codes: Annotated[list[Annotated[int, Field(ge=400, le=599)]], AtLeastOne] | None = None
    """Statuses, 400 to 599, for which an answer is asked for again. Left out, none: only a request
    whose connection could not be opened, or ended before the answer began, is tried again."""

    @model_validator(mode="after")
    def _tries(self) -> Retry:
        if self.codes is not None and not self.attempts:
            message = "no request is tried again, so that the codes have no effect"
            raise wrong(message, "keep codes, or attempts: 0", "FS1015", "codes")
        return self


class Route(Shape):
    """Where allowed requests go, or at tcp and udp ports new connections."""

    to: Annotated[list[Share], AtLeastOne] = [Share()]
    """Destinations that the requests or connections are spread over, by weight; left out, all
    endpoints of the service."""
    timeout: Duration | None = None
    """Time for the whole answer to a request, such as ``500ms``, ``2s`` or ``1m``, more than zero
    and at most 60m, all tries together; left out, Envoy's own 15s."""
    retry: Retry | None = None
    """How often a request is tried again; left out, once."""


class Rule(Shape):
    """One clause; the first whose match holds decides."""

    match: Match = Match()
    """What the rule is about; left out, everything between sources and destinations."""
    action: Literal["allow", "deny", "audit"] | None = None
    """``allow``, ``deny``, or ``audit``, which counts what it matches and leaves the decision to
    the rules after it; may be left out where ``route`` is given, which allows."""
    route: Route | None = None
    """Where allowed requests go, or new connections where no covered port speaks HTTP: those are
    spread by the vswitch, without a proxy. Left out, to any endpoint of the service."""
    shape: Shaping | None = None
    """Rate and mark of the connections that the rule allows, at L4: a bridge does not see requests.
    """
    mirror: Mirror | None = None
    """Who gets a copy of every packet of the connections that the rule allows, at L4."""
    enforce: Literal["auto", "proxy", "vswitch", "fabric"] = "auto"
    """Layer that carries the rule. ``auto``: the lowest that can. A rule that the named layer
    cannot carry is refused."""

    @model_validator(mode="after")
    def _decides(self) -> Rule:
        if self.action is None and self.route is None:
            raise wrong("the rule has no action", "add action: allow, deny or audit", "FS1011")
        if self.action in ("deny", "audit") and self.route is not None:
            verb = "denies" if self.action == "deny" else "audits"
            message = f"a rule that {verb} cannot route"
            raise wrong(message, "keep action or route", "FS1015", "route")
        self._shaped()
        self._mirrored()
        http = self.match.http
        if self.action == "audit" and http is not None and http.query is not None:
            message = "a proxy cannot count by query parameters"
            raise wrong(
                message, "match path, method, host or headers", "FS1013", "match.http.query"
            )
        return self

    def _shaped(self) -> None:
        if self.shape is None:
            return
        if self.action != "allow":
            message = "only what a rule allows has a shape"
            raise wrong(message, "use action: allow, or remove shape", "FS1015", "shape")
        l7 = self.match.http is not None or self.route is not None
        if l7 or self.enforce == "proxy":
            message = "bridges shape connections, and see no requests"
            raise wrong(message, "shape a rule without http, route and proxy", "FS1015", "shape")

    def _mirrored(self) -> None:
        if self.mirror is None:
            return
        if self.action != "allow":
            message = "only what a rule allows is mirrored"
            raise wrong(message, "use action: allow, or remove mirror", "FS1015", "mirror")
        l7 = self.match.http is not None or self.route is not None
        if l7 or self.enforce == "proxy":
            message = "bridges mirror connections, and see no requests"
            raise wrong(message, "mirror a rule without http, route and proxy", "FS1015", "mirror")


def parse_encrypt(value: object) -> str:
    """Return ``off``, the only value that this version carries out."""
    if value in ("permissive", "required"):
        mend = "write encrypt: off, or leave it out"
        raise wrong(f"encrypt: {value} is not available yet", mend, "FS1013")
    if value != "off":
        raise wrong(f"{shown(value)} is not off, permissive or required", "write encrypt: off")
    return "off"


class PolicySpec(Shape):
    """Higher ``priority`` first; among equals policies that allow nothing, then by name."""

    priority: Annotated[int, Field(ge=0, le=65535)] = 0
    """Place among the tenant's policies, 0 to 65535: higher first."""
    from_: Annotated[list[Source], AtLeastOne, Field(alias="from")]
    """Sources, or-ed: whose connections the rules are about."""
    to: Annotated[list[Destination], AtLeastOne]
    """Destinations, or-ed: where those connections go."""
    rules: Annotated[list[Rule], AtLeastOne]
    """Clauses in order: the first whose match holds decides."""
    encrypt: Annotated[str, PlainValidator(parse_encrypt), WithJsonSchema({"enum": ["off"]})] = (
        "off"
    )
    """Encryption between proxies; only ``off`` is available."""
    revoke: Literal["cut", "drain"] = "cut"
    """What becomes of connections that the policy admitted and that policy admits no longer:
    ``cut`` ends them at their next packet, ``drain`` lets them finish."""


class Policy(Thing):
    """What may happen between sources and destinations of one tenant."""

    kind: Literal["Policy"]
    """Always ``Policy``."""
    metadata: Metadata
    """Its name, its tenant, and the labels that others select it by."""
    spec: PolicySpec
    """Who may reach whom, and how."""
