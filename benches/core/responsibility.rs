//! Who may do what: the matrix of responsibilities, beside the same table as Cedar policies.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;

use cedar_policy::{Authorizer, Context, Entities, PolicySet, Request};
use criterion::Criterion;
use eavip_benches::{Setup, compare, start};
use eavip_core::decision::Verdict;
use eavip_core::id::Digest128;
use eavip_core::mode::Mode;
use eavip_core::responsibility::{self, Act, Activity, Matrix};
use eavip_core::roster::Party;

use crate::time;

/// One decision of ours, with its findings and the digest of what was asked; one authorisation by Cedar. Both give the same
/// answer for each activity, mode and party, which is checked first.
pub(crate) fn decide(criterion: &mut Criterion) -> Setup<()> {
    let (matrix, policy) = (Matrix::default(), Digest128::of([]));
    let ours = |act: &Act| responsibility::decide(act, &matrix, policy, start());
    let (authorizer, policies, entities) = (Authorizer::new(), policies(&matrix)?, entities()?);
    let theirs = |request: &Request| authorizer.is_authorized(request, &policies, &entities);
    for activity in Activity::ALL {
        for (mode, party) in
            Mode::ALL.iter().flat_map(|mode| Party::ALL.iter().map(move |party| (mode, party)))
        {
            let allowed = ours(&act(*activity, *mode, *party)?).verdict == Verdict::Allow;
            let answer = theirs(&request(*activity, *mode, *party)?).decision();
            if allowed != (answer == cedar_policy::Decision::Allow) {
                return Err(format!("cedar says {answer:?} of {activity} in {mode} by the {party}").into());
            }
        }
    }
    let asked = (Activity::ApplyRelease, Mode::OnPrem, Party::Customer);
    let (act, request) = (act(asked.0, asked.1, asked.2)?, request(asked.0, asked.1, asked.2)?);
    let cells = Activity::ALL.len() * Mode::ALL.len();
    let figure = time(criterion, &format!("decide who may act, of {cells} cells"), || ours(black_box(&act)));
    let name = format!("peer: authorise with `cedar-policy`, {} policies", policies.policies().count());
    let peer = time(criterion, &name, || theirs(black_box(&request)));
    Ok(compare(&figure, &peer)?)
}

fn act(activity: Activity, mode: Mode, party: Party) -> Setup<Act> {
    let (parties, heard) = (BTreeSet::from([party]), BTreeSet::new());
    Ok(Act { activity, mode, actor: person(party).parse()?, parties, heard, made_by: Party::Customer })
}

fn request(activity: Activity, mode: Mode, party: Party) -> Setup<Request> {
    let person = format!(r#"Person::"{}""#, person(party)).parse()?;
    let (action, place) =
        (format!(r#"Action::"{activity}""#).parse()?, format!(r#"Deployment::"{mode}""#).parse()?);
    Ok(Request::new(person, action, place, Context::empty(), None)?)
}

fn person(party: Party) -> &'static str {
    match party {
        Party::Vendor => "ana",
        Party::Customer => "carl",
    }
}

/// A permit for each cell of the matrix.
fn policies(matrix: &Matrix) -> Setup<PolicySet> {
    let mut text = String::new();
    for activity in Activity::ALL {
        for mode in Mode::ALL {
            let party = matrix.cell(*activity, *mode).accountable;
            writeln!(
                text,
                r#"permit(principal in Party::"{party}", action == Action::"{activity}", resource in Mode::"{mode}");"#
            )?;
        }
    }
    Ok(text.parse()?)
}

/// A person of each party and a deployment of each mode.
fn entities() -> Setup<Entities> {
    let entity = |kind: &str, id: &str, parent: (&str, &str)| {
        serde_json::json!({
            "uid": { "type": kind, "id": id }, "attrs": {}, "parents": [{ "type": parent.0, "id": parent.1 }],
        })
    };
    let people = Party::ALL.iter().map(|party| entity("Person", person(*party), ("Party", party.as_str())));
    let places = Mode::ALL.iter().map(|mode| entity("Deployment", mode.as_str(), ("Mode", mode.as_str())));
    Ok(Entities::from_json_value(people.chain(places).collect(), None)?)
}
