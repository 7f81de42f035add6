"""What a database says when it cannot serve us now, as the controller's own error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from xds_server.controller.errors import StoreError

_OURS = (DataError, IntegrityError, ProgrammingError)  # bugs or conflicts, not the database's state


@contextmanager
def told() -> Iterator[None]:
    """Turn a database that is locked, full, read-only, broken or away into StoreError."""
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreError(f"the database does not answer: {error}; is it overloaded?") from error
    except DBAPIError as error:
        if isinstance(error, _OURS):
            raise
        raise StoreError(
            f"the database cannot be used now: {error.orig}; "
            "check its disk, its permissions and who else holds it"
        ) from error
