"""The codes of diagnostics, each with its title, cause and mend; codes are never reused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Errors stop a change; warnings are shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """A registered kind of diagnostic, with the page that explains it."""

    code: str
    severity: Severity
    title: str
    cause: str
    mend: str


# One row of three lines for each code: title, cause, mend. FS1 the language, FS2 L2 and L3,
# FS4 services and L4, FS6 Envoy's own language, FS7 L7, FS8 across layers, FS9 the fabric.
_TABLE = """
FS1001 error: not YAML
    The text is not a YAML 1.2 document.
    mend the syntax at this line
FS1002 error: duplicate key
    A mapping names the same key twice, so that one of the two values would be lost.
    remove one of the two keys
FS1003 error: unknown field
    The kind has no field of this name.
    remove the field or correct its name
FS1004 error: anchor or alias
    Anchors and aliases are refused: they hide what a document says and can grow without end.
    write the value out where it is used
FS1005 error: tag or directive
    YAML tags and directives are refused: a value's type follows from its field.
    remove the tag or directive
FS1006 error: empty document
    Nothing stands between two document markers, so an object may have been lost.
    remove the spare '---' or write the object
FS1007 error: nested too deeply
    A document nests more than 64 levels; no kind needs more than 12.
    flatten the document
FS1008 error: too large
    An input has more than 10 MB of text or 20,000 documents, or a document 100,000 values.
    split the input into several files
FS1009 error: control character
    The text holds a character that YAML 1.2 section 5.1 does not allow.
    remove the character
FS1010 error: unknown kind
    The document's kind is missing or is not one of this language.
    use one of the kinds of fsdn/v1
FS1011 error: missing field
    The kind cannot do without this field.
    add the field
FS1012 error: wrong value
    The value has the wrong type, form or range for its field.
    correct the value
FS1013 error: not available yet
    The kind, field or value belongs to the language but this version does not carry it out.
    remove it: this version would not carry it out
FS1014 error: unknown apiVersion
    The document's apiVersion is missing or is not one that this version reads.
    write apiVersion: fsdn/v1
FS1015 error: fields exclude each other
    Two fields stand together that cannot both hold.
    keep one of the fields
FS1016 error: object defined twice
    Two documents have the same kind, tenant and name.
    rename or remove one of them
FS1101 error: reference to nothing
    A name refers to an object that no document defines.
    define the object or correct the name
FS1102 error: reference into another tenant
    Tenants are isolated from each other, so nothing of one can refer to the other.
    refer to an object of the document's own tenant
FS1103 warning: selector selects nothing
    No workload or service is selected, so the clause holds for nothing.
    correct the selector or define what it should select
FS2001 error: VNI used twice
    Two segments have the same VNI, so the fabric would join them.
    give each segment a VNI of its own
FS2002 error: VLAN used twice
    Two segments have the same VLAN; a VLAN is global on a leaf.
    give each segment a VLAN of its own, or none
FS2003 error: datapath id used twice
    Two hosts have the same datapath id, by which the controller knows their bridges.
    give each host the datapath id that its bridge reports
FS2004 error: interface used twice
    Two things claim the same interface of one host.
    give each an interface of its own
FS2005 error: MAC address used twice
    Two workloads, or a host's way outside, have the same MAC address.
    give each a MAC address of its own
FS2006 error: address used twice
    Two owners claim one address; in this version addresses are unique across all tenants.
    give each an address of its own, also across tenants
FS2007 error: unusable address
    The address is loopback, link-local, multicast, unspecified or otherwise not a host's.
    use a unicast address of the segment's subnets
FS2008 error: address outside the segment
    The address does not lie in any subnet of its segment.
    use an address inside the segment's subnets, or add the subnet
FS2009 error: tunnel address used twice
    Two hosts have the same tunnel address, so the fabric could not tell them apart.
    give each host a tunnel address of its own
FS2021 error: router without a gateway
    Workloads send to other segments by a gateway of their own, one for each address family.
    add an address of the family to spec.gateways, or remove the router
FS2022 error: overlapping subnets at a router
    Two segments of one router have addresses in common; hosts would never ask a router for them.
    give the segments subnets apart, or routers of their own
FS2023 warning: MTU changes at a router
    Packets larger than the other segment's MTU are lost at the router, and nobody is told.
    give the segments of a router one MTU
FS2024 error: DHCP server outside the segment
    The server is no workload of the segment: no question of a client reaches it.
    name a workload of the segment, or run a relay in it
FS4001 warning: shadowed rule
    An earlier rule decides on all traffic of this rule, so it never takes effect.
    remove the rule or move it before the other
FS4002 warning: policies contradict each other
    Policies of one priority allow and deny the same traffic; order and name decide.
    give one of the policies a higher priority
FS4003 warning: rule without traffic
    No router joins a segment of the sources to one of the destinations: segments are isolated.
    select workloads and services of one segment, or give their segments one router
FS4004 error: no pool for virtual addresses
    The service has no addresses, and its segment has no pool to take them from.
    add spec.services to the segment, or spec.addresses to the service
FS4005 error: pool of virtual addresses is used up
    Every address of the segment's pool is taken.
    enlarge spec.services of the segment
FS4006 error: virtual address is taken
    A service's address belongs to a workload, a gateway or another service.
    give the service an address of its own
FS4007 error: service without a segment
    Neither the service nor its endpoints say which of the tenant's segments it is in.
    add spec.segment to the service
FS4008 error: service in several segments
    The service's endpoints are in different segments, which are isolated from each other.
    select endpoints of one segment, or define one service for each
FS4009 warning: service without endpoints
    No workload is selected, so every connection to the service fails.
    correct the selector or add workloads
FS4010 warning: service is its own client
    A workload may use a service that it is part of; it never reaches itself through it.
    leave the service's own workloads out of the sources if that is not meant
FS4012 error: service port used twice
    Two ports of a service have one name, or one port number and transport.
    give each port a name and number of its own
FS4021 warning: no way outside
    A rule lets workloads leave whose host has no external address of the family.
    give the host spec.external, or leave its workloads out of the sources
FS4022 error: service with too many endpoints
    Bridges choose among a service's endpoints by one group, which an OpenFlow message must hold.
    select at most 1000 workloads, or define several services
FS6001 error: unknown Envoy type
    The type is missing, is none of Envoy's API, or is not served by itself.
    write '@type': type.googleapis.com/ and the full name of a served type
FS6002 error: unknown Envoy field
    The message of Envoy's API has no field of this name.
    correct the name as Envoy's API reference has it
FS6003 error: wrong Envoy value
    The value has the wrong type, form or range for its field of Envoy's API.
    correct the value as Envoy's API reference has it
FS6004 error: Envoy resource exists already
    A proxy would have two resources of one type and name, of which it takes only one.
    rename the resource, or amend the compiled one with an EnvoyPatch
FS6005 warning: patch without a target
    No compiled resource has the patch's type and name on its hosts, so it changes nothing.
    correct spec.target; 'fsdn compile --to xds' shows every name
FS6006 error: patch that cannot be applied
    A patch would rename a resource or change its type.
    remove the field from the patch, or write an EnvoyResource
FS6007 error: reference to no Envoy resource
    A resource refers to another that the proxy does not have; Envoy accepts that in silence.
    define the other resource on the same hosts, or correct the name
FS6008 error: refused by Envoy
    The Envoy that the server validates with (--envoy) refuses what would be sent to a proxy.
    mend the field that Envoy names, or remove it
FS6009 warning: not a resource
    A bootstrap in a folder of resources has fields that concern the proxy itself.
    keep them in the proxy's own bootstrap
FS6010 error: two versions of a type
    A proxy gets the resources of a type with one version, and files give it two.
    give the same version_info wherever the type is given one
FS6011 error: version used twice
    The version was given to other resources before, so that proxies would keep those.
    give a version_info that was not used before
FS6012 error: unusable secret
    A secret's files are missing, do not belong together, or may be read by everybody.
    mend the file; until then the last sound secret of that name is served
FS6013 warning: certificate runs out
    A certificate that proxies are served has expired, will within 14 days, or is not valid yet.
    put a new certificate and its key into the folder
FS6015 warning: check that concerns nobody
    A check names a cluster or an endpoint that no proxy is sent as a ClusterLoadAssignment.
    check the names; only endpoints of a ClusterLoadAssignment are marked as unhealthy
FS6016 warning: slow health check
    Who checks for others has no traffic of its own, so that Envoy waits no_traffic_interval.
    set no_traffic_interval, and no_traffic_healthy_interval if that differs, beside interval
FS6017 warning: folder that is not read
    A folder of resources has folders for nodes; what lies deeper belongs to nobody.
    move its files into the folder of a node
FS7001 error: nothing here speaks HTTP
    An HTTP match or a route covers destinations that are not HTTP ports of services.
    name a service with an http, http2 or grpc port, or write a rule of its own for other ports
FS7002 error: source without a proxy
    A rule needs a proxy for a workload that has proxy: none.
    set proxy: node on the workload, or leave it out of the sources
FS7003 error: route to an unknown subset
    The addressed service does not define the subset.
    add the subset to the service or correct its name
FS7004 error: route to nothing
    No destination of the route has an endpoint and a weight.
    give a weight to a subset that has endpoints
FS8001 error: rule for some endpoints of a proxied port
    The proxy decides on a whole service port; this rule selects some of its endpoints only.
    select the service or all of its endpoints, or use subsets
FS8002 warning: L7 allow under an L4 denial
    An earlier rule denies the connection, so no request can reach this rule.
    raise the priority of this policy, or narrow the denial
FS8003 warning: direct access stays closed
    The sources use a proxy for this port, and direct access would go around it.
    allow the service instead of its workloads
FS8004 error: pinned to a layer that cannot hold it
    The layer named by enforce, or the one that can shape, cannot decide on this rule.
    use enforce: auto
FS8005 error: collector out of reach
    Copies for a workload of another host go through the tunnel, and a host has none.
    give both hosts a tunnel, or name a workload of the sources' host
FS9001 error: unknown switch
    A link or uplink names a switch that no document defines.
    define the switch or correct the name
FS9002 error: switch port used twice
    Two of a switch's bare ports, links and uplinks use one port.
    give each a port of its own
FS9003 error: ASN used twice
    Two leaves have the same ASN and would refuse each other's routes as loops.
    give each leaf an ASN of its own
FS9004 error: loopback used twice
    Two switches have the same loopback address, which is their router id.
    give each switch a loopback of its own
FS9005 error: spine used as a leaf
    Hosts and bare ports attach to leaves; a spine only joins leaves.
    attach it to a leaf
FS9006 error: reserved interface
    The interface is one that the switch's agent makes itself: lo, br<vni> or vx<vni>.
    give the port another name
"""


def _read(table: str) -> Iterator[Code]:
    lines = table.strip().splitlines()
    for head, cause, mend in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        code, severity, title = head.split(" ", 2)
        yield Code(code, Severity(severity.rstrip(":")), title, cause.strip(), mend.strip())


CODES: dict[str, Code] = {code.code: code for code in _read(_TABLE)}
"""Every kind of diagnostic, by its code."""
