"""Why a packet or a request is let through or not: every layer's row, beside the plan's verdict."""

from translators.explain.compose import Explanation, explain
from translators.explain.question import Question, QuestionError, packet_of

__all__ = ["Explanation", "Question", "QuestionError", "explain", "packet_of"]
