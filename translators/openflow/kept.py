"""Programs that were asked for lately: questions come in rows, about one plan and few bridges."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from translators.plan.model import Plan

P = TypeVar("P")  # a program, or what is made of one


@dataclass(slots=True)
class KeptPrograms(Generic[P]):
    """The last ``most`` programs, by plan (the object, not its content) and host.

    What is kept holds its plan, so that no other can be mistaken for it.
    """

    make: Callable[[Plan, str], P]
    most: int = 16
    _kept: OrderedDict[tuple[int, str], tuple[Plan, P]] = field(default_factory=OrderedDict)

    def of(self, plan: Plan, host: str) -> P:
        """Return a host's program, made if it is not at hand."""
        key = (id(plan), host)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][1]
        program = self.make(plan, host)
        self._kept[key] = (plan, program)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return program
