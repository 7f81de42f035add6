"""The last applied configuration on disk, with which an agent starts while the server is away."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from xds_server.snapshots.model import SwitchConfig


class SavedError(Exception):
    """The saved configuration cannot be read; the message names the file and the mend."""


@dataclass(frozen=True, slots=True)
class SavedConfig:
    """One switch's file in the state directory, ``SWITCH.json``, readable by its owner only."""

    directory: Path
    switch: str

    @property
    def path(self) -> Path:
        """The file."""
        return self.directory / f"{self.switch}.json"

    def load(self) -> SwitchConfig | None:
        """Return what was saved last, None if nothing was; raises SavedError for a broken file."""
        try:
            return SwitchConfig(**json.loads(self.path.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise SavedError(
                f"{self.path} is not a saved configuration ({error}); delete it, "
                "and the agent fetches the present one"
            ) from error

    def save(self, config: SwitchConfig) -> None:
        """Replace the file at once, so that a crash leaves the old one or the new one."""
        self.directory.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(config), file, indent=2, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
