"""Which hosts are AWS's: a signature, and the session token with it, goes to no other that only an event has named."""

from __future__ import annotations

import re

SUFFIXES = {
    "": "amazonaws.com",
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}
"""The domain of each partition, by what its regions begin with.
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html, and botocore's list."""

_HOST = re.compile(r"https://([a-z0-9.-]+)(?:/|$)")
_ENDS = tuple(f".{suffix}" for suffix in SUFFIXES.values())


def is_aws(url: str) -> bool:
    """Return whether an https URL is one of AWS's."""
    found = _HOST.match(url)
    return found is not None and found[1].endswith(_ENDS)


def suffix_of(region: str) -> str:
    """Return the domain of a region's partition."""
    return next((suffix for begin, suffix in SUFFIXES.items() if begin and region.startswith(begin)), SUFFIXES[""])
