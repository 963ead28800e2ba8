//! Tests of preparing reviews: once a month, and none of a time before the server.

use std::sync::Arc;

use eavip_core::time::Span;
use uuid::Uuid;

use super::*;
use crate::store::memory::MemoryStore;
use crate::testing::{Inside, people};

async fn look(inside: &Inside, at: Timestamp) -> usize {
    once(&inside.shared, &inside.committer, at).await.unwrap();
    inside.shared.book().trends.reviews().count()
}

#[tokio::test]
async fn a_month_is_prepared_once_when_it_is_over_and_none_before_the_server_began() {
    let inside = Inside::with_policy(Arc::new(MemoryStore::new(Uuid::nil())), people());
    inside.write(vec![crate::trends::tests::started()]).await;
    let this = Month::of(now());
    assert_eq!(look(&inside, now()).await, 0, "the month before had no server");
    let over = this.period().to;
    assert_eq!(look(&inside, over - Span::from_secs(1)).await, 0, "it isn't over");
    for _ in 0..3 {
        assert_eq!(look(&inside, over).await, 1);
    }
    let prepared = |inside: &Inside| {
        let book = inside.shared.book();
        book.changes.newest().filter(|change| change.kind == "review-prepared").count()
    };
    assert_eq!(prepared(&inside), 1);
    let inside = Inside::with_policy(inside.stop(), people());
    assert_eq!(look(&inside, over).await, 1, "a restart prepares nothing again");
    assert_eq!(inside.shared.book().trends.review(this).unwrap().pack.generated_at, over);
}
