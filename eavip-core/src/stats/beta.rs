//! Gamma and beta functions in the logarithm, exact to about ten digits for parameters up to [`LARGEST`] and far into both
//! tails.
//!
//! Nothing here subtracts two large logarithms of gamma: what is wanted is their difference, and it is built from small
//! parts (Loader 2000, *Fast and Accurate Computation of Binomial Probabilities*).

use std::f64::consts::TAU;

/// Largest parameter: a billion events on each side, with room; the continued fraction ends there too.
pub const LARGEST: f64 = 1e10;

/// Most steps of the continued fraction. It takes about the root of the parameters over eight at the very worst point,
/// the mean: 13,000 at the largest.
const MAX_STEPS: u32 = 20_000;

fn in_domain(parameter: f64) -> bool {
    parameter > 0.0 && parameter <= LARGEST
}

/// What Stirling's formula lacks: `ln Γ(z) - [(z - ½) ln z - z + ½ ln 2π]`. Series of Abramowitz & Stegun 6.1.41; below
/// 10 by `Γ(z + 1) = z Γ(z)`.
fn stirling_rest(mut z: f64) -> f64 {
    const SERIES: [f64; 6] =
        [-691.0 / 360_360.0, 1.0 / 1_188.0, -1.0 / 1_680.0, 1.0 / 1_260.0, -1.0 / 360.0, 1.0 / 12.0];
    let mut rest = 0.0;
    while z < 10.0 {
        rest += (z + 0.5) * (1.0 / z).ln_1p() - 1.0;
        z += 1.0;
    }
    let square = 1.0 / (z * z);
    rest + SERIES.iter().fold(0.0, |sum, factor| sum * square + factor) / z
}

/// The logarithm of the gamma function, for `0 < z <=` [`LARGEST`].
#[must_use]
pub fn ln_gamma(z: f64) -> Option<f64> {
    in_domain(z).then(|| (z - 0.5) * z.ln() - z + 0.5 * TAU.ln() + stirling_rest(z))
}

/// The logarithm of the beta function.
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> Option<f64> {
    let powers = -a * (b / a).ln_1p() - b * (a / b).ln_1p();
    (in_domain(a) && in_domain(b)).then(|| powers + half_width(a, b))
}

/// The part of `ln B(a, b)` beside `a ln(a / (a + b)) + b ln(b / (a + b))`.
fn half_width(a: f64, b: f64) -> f64 {
    let sum = a + b;
    0.5 * (TAU * (sum / a) / b).ln() + stirling_rest(a) + stirling_rest(b) - stirling_rest(sum)
}

/// `value ln(value / mean) + mean - value`, also where the two are nearly the same (`bd0` of Loader 2000).
fn deviance(value: f64, mean: f64) -> f64 {
    let difference = value - mean;
    let ratio = difference / (value + mean);
    if ratio.abs() >= 0.1 {
        return value * (value / mean).ln() - difference;
    }
    let (mut sum, mut term) = (difference * ratio, 2.0 * value * ratio);
    // |ratio| < 0.1: each term adds two digits, so that ten are all there is to add.
    for step in 1..=10 {
        term *= ratio * ratio;
        sum += term / f64::from(2 * step + 1);
    }
    sum
}

/// `ln [B(a, b) / (x^a y^b)]` with `y = 1 - x`.
fn ln_whole(a: f64, b: f64, x: f64, y: f64) -> f64 {
    deviance(a, (a + b) * x) + deviance(b, (a + b) * y) + half_width(a, b)
}

/// `∫₀ˣ t^(a-1) (1-t)^(b-1) dt / (x^a y^b)` for `x` up to the mean: the continued fraction `BFRAC` of Didonato & Morris
/// 1992 (ACM TOMS 18, algorithm 708). `None` when it doesn't end.
fn below_mean(a: f64, b: f64, x: f64, y: f64) -> Option<f64> {
    const CLOSE: f64 = 1e-15;
    let from_mean = if a <= b { a - (a + b) * x } else { (a + b) * y - b };
    let start = 1.0 + from_mean;
    let (ratio, inverse) = (b / a, 1.0 / a + 1.0);
    let (mut p, mut s) = (1.0, a + 1.0);
    // Two successive convergents, as numerators over denominators; the last one is kept as `value` over 1.
    let (mut numerator, mut denominator) = (0.0, 1.0);
    let (mut value, mut last) = (inverse / start, start / inverse);
    let mut newest = 1.0;
    for step in 1..=MAX_STEPS {
        let n = f64::from(step);
        let (t, w, e) = (n / a, n * (b - n) * x, a / s);
        let alpha = p * (p + ratio) * e * e * (w * x);
        let e = (1.0 + t) / (inverse + t + t);
        let beta = n + w / s + e * (start + n * (y + 1.0));
        p = 1.0 + t;
        s += 2.0;
        (numerator, newest) = (newest, alpha * numerator + beta * newest);
        (denominator, last) = (last, alpha * denominator + beta * last);
        let before = std::mem::replace(&mut value, newest / last);
        if (value - before).abs() <= CLOSE * value {
            return Some(value);
        }
        (numerator, denominator, newest, last) = (numerator / last, denominator / last, value, 1.0);
    }
    None
}

/// `ln [∫₀ˣ t^(a-1) (1-t)^(b-1) dt / (x^a y^b)]`: the lower incomplete beta function over its own integrand's scale, which
/// is what ratios of likelihoods are made of. `y` is `1 - x`, given apart so that neither loses digits.
#[must_use]
pub fn ln_scaled(a: f64, b: f64, x: f64, y: f64) -> Option<f64> {
    if !(in_domain(a) && in_domain(b) && x > 0.0 && y > 0.0 && x <= 1.0 && y <= 1.0) {
        return None;
    }
    if b * x <= a * y {
        return below_mean(a, b, x, y).map(f64::ln);
    }
    let whole = ln_whole(a, b, x, y);
    let above = below_mean(b, a, y, x)?.ln();
    Some(whole + (-(above - whole).exp()).ln_1p())
}

/// The regularised incomplete beta function `I_x(a, b)`, for `x` from 0 to 1.
#[must_use]
pub fn regularised(a: f64, b: f64, x: f64) -> Option<f64> {
    if !(in_domain(a) && in_domain(b) && (0.0..=1.0).contains(&x)) {
        return None;
    }
    let y = 1.0 - x;
    if x == 0.0 || y == 0.0 {
        return Some(x);
    }
    let whole = ln_whole(a, b, x, y);
    if b * x <= a * y {
        return Some((below_mean(a, b, x, y)?.ln() - whole).exp());
    }
    Some(1.0 - (below_mean(b, a, y, x)?.ln() - whole).exp())
}

#[cfg(test)]
mod tests;
