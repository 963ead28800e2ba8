//! How long guessing is slowed down, and for whom.

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000) + Span::from_secs(seconds)
}

fn name(name: &str) -> Whom {
    Whom::Name(name.to_owned())
}

#[test]
fn lets_people_mistype_and_then_waits_twice_as_long_each_time() {
    let (backoff, who) = (Backoff::default(), [name("ann")]);
    let mut waits = Vec::new();
    for _ in 0..13 {
        backoff.failed(&who, at(0));
        waits.push(backoff.wait(&who, at(0)).unwrap_or(0));
    }
    assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(backoff.wait(&who, at(60)), None);
    assert_eq!(backoff.wait(&[name("bob")], at(0)), None);
}

#[test]
fn forgets_after_success_and_after_an_hour() {
    let (backoff, who) = (Backoff::default(), [name("ann")]);
    (0..8).for_each(|_| backoff.failed(&who, at(0)));
    backoff.failed(&who, at(4_000));
    assert_eq!(backoff.wait(&who, at(4_000)), None);
    (0..8).for_each(|_| backoff.failed(&who, at(4_000)));
    backoff.succeeded(&who[0]);
    assert_eq!(backoff.wait(&who, at(4_000)), None);
}

#[test]
fn counts_a_network_of_ipv6_as_one_address() {
    let backoff = Backoff::default();
    for host in 1..=6_u128 {
        let address = IpAddr::V6((0x2001_0db8_u128 << 96 | host).into());
        backoff.failed(&[Whom::address(address)], at(0));
    }
    let other = IpAddr::V6((0x2001_0db8_u128 << 96 | 7).into());
    assert_eq!(backoff.wait(&[Whom::address(other)], at(0)), Some(2));
}

#[test]
fn remembers_a_bounded_number() {
    let backoff = Backoff::default();
    for number in 0..REMEMBERED as u64 + 100 {
        backoff.failed(&[name(&number.to_string())], at(number / 100));
    }
    assert_eq!(backoff.known().len(), REMEMBERED);
}
