//! Empty: a package needs a library target, and the tests themselves live in `it/`.
