//! Verifies signatures as the specification of Standard Webhooks says, with nothing of the product.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use eavip_tests::http::Request;
use ring::hmac;

/// Whether a request is signed with a secret of the form `whsec_<base64>`.
pub(super) fn signs(secret: &str, request: &Request) -> bool {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let (id, timestamp) = (request.header("webhook-id"), request.header("webhook-timestamp"));
    let signed = [format!("{id}.{timestamp}.").as_bytes(), request.body.as_slice()].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed);
    let expected = format!("v1,{}", BASE64_STANDARD.encode(tag));
    !id.is_empty() && request.header("webhook-signature").split(' ').any(|signature| signature == expected)
}
