"""How every test runs: generated cases are judged by their outcome, not by their pace."""

from hypothesis import settings

settings.register_profile("fsdn", deadline=None)
settings.load_profile("fsdn")
