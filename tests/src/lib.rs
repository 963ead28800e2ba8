//! What the test programs and the tests share: reproducible randomness and digests that owe nothing to the product.

pub mod chance;
