//! Tests of what is asked of a list.

use super::*;

#[test]
fn says_which_part_of_a_query_cannot_be_used() {
    let explosion = format!("filter=a%3D~%22{}%22", "(x{900}){900}");
    let many: Vec<String> = (0..70).map(|at| format!("filter=a{at}%3D1")).collect();
    let cases = [
        ("filter=nonsense", "filter: `nonsense` compares nothing"),
        ("filter=a%3D~%22(%22", "filter: `(` can't be used as a regular expression"),
        (&explosion, "filter: `(x{900}){900}`"),
        ("filter=%C3%BC%3D1", "filter: `ü` can't be a label name"),
        (&many.join("&"), "filter: more than 64 matchers are too many"),
        ("receiver=(", "receiver: `(` can't be used"),
        ("silenced=maybe", "silenced: use true or false"),
        ("active=", "active: use true or false"),
    ];
    for (query, told) in cases {
        let Refusal(status, said) = Query::read(&format!("/?{query}").parse().unwrap()).unwrap_err();
        assert_eq!(status, axum::http::StatusCode::BAD_REQUEST);
        assert!(said.starts_with(told), "{query}: {said}");
    }
}
