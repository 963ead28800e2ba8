//! Tests of counting a list's arrivals; the conversation with a real server is tested with the repository's tests.

use proptest::prelude::*;

use super::*;

#[test]
fn counts_what_came_and_went_by_where_the_mark_has_moved_to() {
    let mut arrivals = Arrivals::default();
    let mut take = |depth, mark: &str, newer| {
        arrivals.take(depth, Some(mark.as_bytes().to_vec()), newer);
        (arrivals.enqueued, arrivals.dequeued)
    };
    assert_eq!(take(3, "c", None), (3, 0), "what is there at first counts as come");
    assert_eq!(take(3, "e", Some(2)), (5, 2), "two came, two went, the depth is the same");
    assert_eq!(take(1, "e", Some(0)), (5, 4));
    assert_eq!(take(2, "z", None), (7, 5), "the mark has gone: all that is there is new");
}

#[test]
fn reads_the_moment_of_an_entry() {
    assert_eq!(moment("1700000000123-4"), Some(1_700_000_000_123));
    assert_eq!(moment("x"), None);
}

proptest! {
    #[test]
    fn counts_every_element_while_the_mark_is_there(steps in prop::collection::vec((1_usize..5, 0_usize..5), 1..50)) {
        let (mut list, mut next, mut arrivals) = (std::collections::VecDeque::new(), 0_u32, Arrivals::default());
        let (mut put, mut taken) = (0, 0);
        for (puts, takes) in steps {
            // The mark stays: never as many are taken as wait.
            for _ in 0..takes.min(list.len().saturating_sub(1)) {
                list.pop_back();
                taken += 1;
            }
            for _ in 0..puts {
                list.push_front(next);
                next += 1;
                put += 1;
            }
            let mark = arrivals.mark.clone();
            let newer = list.iter().position(|element| Some(element.to_string().into_bytes()) == mark);
            arrivals.take(list.len(), list.front().map(|element| element.to_string().into_bytes()), newer);
            prop_assert_eq!((arrivals.enqueued, arrivals.dequeued), (put, taken));
        }
    }
}
