"""A code as a drawing: read out by its title, and harmless whatever that holds."""

from cloud.core.codes import code_svg


def test_a_code_says_what_it_is_and_its_title_is_text() -> None:
    drawn = code_svg("ESIK:AB", 'a pass for <b> & "c"')

    assert drawn.startswith('<svg role="img" aria-label="a pass for &lt;b&gt; &amp; &#34;c&#34;" viewBox="0 0 29 29"')
    assert "<b>" not in drawn
