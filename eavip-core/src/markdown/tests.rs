//! Tests of escaping.

use super::*;

#[test]
fn markup_stays_text() {
    let table = [
        ("checkout fails, 3.5 s (EU-1): worse", "checkout fails, 3.5 s (EU-1): worse"),
        ("| a | b |", r"\| a \| b \|"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[click](http://evil)", r"\[click\](http\://evil)"),
        ("www.evil.example and a@b.c", r"www\.evil.example and a\@b.c"),
        (
            "![x](y) **b** _i_ `c` ~~s~~ # h &amp; $x$",
            r"\!\[x\](y) \*\*b\*\* \_i\_ \`c\` \~\~s\~\~ \# h \&amp; \$x\$",
        ),
        ("a\r\n\n- b\tc\u{2028}d", "a   - b c d"),
        ("\u{1b}[31m\u{202e}txt\u{200b}\u{feff}\0", "\u{fffd}\\[31m\u{fffd}txt\u{fffd}\u{fffd}\u{fffd}"),
        (r"\| already", r"\\\| already"),
    ];
    for (text, expected) in table {
        assert_eq!(escape(text), expected);
    }
}
