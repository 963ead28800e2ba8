//! Benchmarks of the policy library, a room for each of its parts; each figure stands beside its floor or a peer.

mod evaluate;
mod histogram;
mod policy;
mod release;
#[cfg(feature = "cedar")]
mod responsibility;
mod wire;

use criterion::Criterion;
use eavip_benches::{Setup, Stopwatch};

fn main() -> Setup<()> {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    evaluate::nodes(&mut criterion, 1_000)?;
    evaluate::nodes(&mut criterion, 10_000)?;
    evaluate::report(&mut criterion)?;
    wire::batch(&mut criterion)?;
    histogram::figures(&mut criterion)?;
    policy::load(&mut criterion)?;
    release::decide(&mut criterion)?;
    #[cfg(feature = "cedar")]
    responsibility::decide(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// Times a routine.
fn time<T>(criterion: &mut Criterion, name: &str, routine: impl FnMut() -> T) -> Stopwatch {
    time_each(criterion, 1, name, routine)
}

/// Times a routine that does several times in a call what the name says.
fn time_each<T>(
    criterion: &mut Criterion,
    times: u32,
    name: &str,
    mut routine: impl FnMut() -> T,
) -> Stopwatch {
    let watch = Stopwatch::of_each(times, name);
    criterion.bench_function(name, |bencher| bencher.iter_custom(|calls| watch.run(calls, &mut routine)));
    watch
}
