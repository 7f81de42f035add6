"""Why devices refuse, as a few classes: a device's own words are no label for a metric."""

from __future__ import annotations

import re
from enum import StrEnum


class RefusalClass(StrEnum):
    """What kind of refusal it is; the whole reason is in the status and in the log."""

    INVALID = "invalid"  # a value that is not allowed
    UNSUPPORTED = "unsupported"  # an extension, type, match or action that the device lacks
    REFERENCE = "reference"  # it names something that is not there
    DUPLICATE = "duplicate"  # what must be unique is not
    ADDRESS = "address"  # it cannot listen where it should
    CAPACITY = "capacity"  # it does not fit
    UNSENT = "unsent"  # nothing could be made for this device
    OTHER = "other"


_WORDS: tuple[tuple[RefusalClass, str], ...] = (  # the first that matches holds
    (RefusalClass.UNSENT, r"^not sent: "),
    # Envoy quotes the whole message before these, with any words in it.
    (RefusalClass.INVALID, r"proto constraint validation failed|unable to unpack"),
    (RefusalClass.CAPACITY, r"TABLE_FULL|OUT_OF_GROUPS|OUT_OF_BUCKETS|limit is|too (large|big)"),
    (RefusalClass.ADDRESS, r"address (already )?in use|cannot bind|error binding|\bbind\b"),
    (RefusalClass.DUPLICATE, r"duplicate|only unique|already exists|only a single|DUP_|OVERLAP"),
    (
        RefusalClass.UNSUPPORTED,
        r"registered (implementation|factory)|not supported|unsupported|could not find @?type|"
        r"unable to find type|UNSUP|UNKNOWN_INST|BAD_EXPERIMENTER|BAD_EXP_TYPE|BAD_TYPE",
    ),
    (
        RefusalClass.REFERENCE,
        r"unknown (cluster|route|listener|virtual host|secret)|no such|not found|does not exist|"
        r"UNKNOWN_GROUP|BAD_OUT_GROUP|BAD_OUT_PORT",
    ),
    (
        RefusalClass.INVALID,
        r"constraint|validat|invalid|malformed|must (be|not|have)|missing|\bBAD_|INVALID_",
    ),
)
_TESTS = tuple((found, re.compile(words, re.IGNORECASE)) for found, words in _WORDS)


def refusal_class(reason: str) -> RefusalClass:
    """Return the class of a device's reason."""
    hits = (found for found, words in _TESTS if words.search(reason))
    return next(hits, RefusalClass.OTHER)
