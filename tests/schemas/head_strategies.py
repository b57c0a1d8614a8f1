"""Any message that a head and its agent may say to each other."""

from typing import Any

from hypothesis import strategies as st

from schemas import head

KINDS: list[Any] = [*head.FROM_HEAD, *head.FROM_AGENT]
FIELDS = {
    head.U8: st.integers(0, 255),
    head.U16: st.integers(0, 65_535),
    head.U32: st.integers(0, 2**32 - 1),
    head.TEXT: st.text(max_size=16),
    head.REST: st.binary(max_size=head.APDU_ANSWER_MAX),
}


@st.composite
def messages(draw: st.DrawFn) -> head.Message:
    kind = draw(st.sampled_from(KINDS))
    message: head.Message = kind(*[draw(FIELDS[field]) for _, field in kind.LAYOUT])
    return message
