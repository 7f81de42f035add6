"""The pipeline's tables in the order in which packets meet them."""

from __future__ import annotations

from enum import IntEnum


class Table(IntEnum):
    """One stage of the pipeline; a packet only ever goes to a higher number."""

    CLASSIFY = 0  # port or VNI -> segment, tenant, identity
    SPOOF = 1  # is the source who it says it is
    NEIGHBOUR = 2  # ARP answers; solicitations become advertisements
    ADVERTISE = 3  # neighbour advertisements (ND fields may be set only on what is one)
    INBOUND = 5  # conntrack lookup of what comes from outside
    RETURN = 6  # back to whom the host's address was lent
    DHCP = 7  # between a segment and its server
    TRACK = 9  # conntrack lookup in the segment's zone
    GATEWAY = 10  # pings of a gateway; the lookup for others
    STATE = 11  # what belongs to a connection goes on by its mark
    VIRTUAL = 12  # virtual address and port -> service port
    BALANCE = 13  # capture for the proxy, or an endpoint of the service
    ADDRESS = 14  # destination address -> identity
    POLICY = 20  # rules, at the source
    PROXY = 21  # what the proxy may reach
    ARRIVAL = 22  # what may come from the tunnel
    COMMIT = 25  # NAT, mark and label
    REVOKE = 26  # established connections that policy no longer admits
    STEER = 30  # to the proxy
    LOOKUP = 40  # destination of an established connection -> identity
    COPY = 41  # what is mirrored, before it goes on
    LEAVE = 42  # source NAT of what goes outside
    DELIVER = 44  # identity -> port or tunnel; with STEER and MIRROR the only outputs
    MIRROR = 45  # copies, to who collects them
