//! Tests of the search for secrets. Token-like texts are put together from parts, so that nobody takes this file for a
//! leak.

use proptest::prelude::*;

use super::*;
use crate::config::schema::KeySpec;
use crate::finding::Outcome;

/// Characters that look random, of an alphabet.
fn run(alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    (0..length).map(|at| letters[(at * at * 7 + at * 11 + 3) % letters.len()]).collect()
}

const ALNUM: &str = "q7Wz0pXk3BfLmT9aVeYc5RdUgJ2nHsIo";
const HEX: &str = "f0a93c5e1b7d8264";
const UPPER: &str = "QZ7KX2M4WP3TJ5VA";

fn alnum(length: usize) -> String {
    run(ALNUM, length)
}

/// Three secrets of each form.
fn positives() -> Vec<(Shape, Vec<String>)> {
    let pem = |kind: &str| format!("-----BEGIN {kind}{}-----", ["PRIVATE", "KEY"].join(" "));
    let jwt = |n| format!("eyJ{}.eyJ{}.{}", alnum(30), alnum(n), alnum(43));
    let sendgrid = |n: usize| format!("SG.{}.{}", run(&ALNUM[n..], 22), alnum(43));
    let hook = |team: usize| {
        let base = "https://hooks.slack.com/services";
        format!("{base}/T{}/B{}/{}", run(UPPER, team), run(UPPER, 9), alnum(24))
    };
    let all = |shape, list: [String; 3]| (shape, list.to_vec());
    vec![
        all(Shape::PrivateKey, [pem(""), pem("RSA "), pem("OPENSSH ")]),
        all(
            Shape::AwsAccessKey,
            ["AKIA", "ASIA", "AKIA"].map(|prefix| format!("{prefix}{}", run("QZ7KX2M4WP3TJ5VA", 16))),
        ),
        all(Shape::GithubToken, ["ghp", "ghs", "ghr"].map(|prefix| format!("{prefix}_{}", alnum(36)))),
        all(
            Shape::GithubFineGrained,
            [0, 3, 5].map(|n| format!("github_pat_{}_{}", run(&ALNUM[n..], 22), alnum(59))),
        ),
        all(Shape::GitlabToken, [20, 26, 40].map(|n| format!("glpat-{}", alnum(n)))),
        all(
            Shape::SlackToken,
            ["xoxb", "xoxp", "xoxs"].map(|p| format!("{p}-{}-{}", run("0123456789", 11), alnum(24))),
        ),
        all(Shape::SlackWebhook, [8, 9, 10].map(hook)),
        all(
            Shape::StripeKey,
            [("sk", 24), ("rk", 24), ("sk", 99)].map(|(p, n)| format!("{p}_live_{}", alnum(n))),
        ),
        all(Shape::GoogleApiKey, [0, 3, 5].map(|n| format!("AIza{}", run(&ALNUM[n..], 35)))),
        all(Shape::NpmToken, [0, 3, 5].map(|n| format!("npm_{}", run(&ALNUM[n..], 36)))),
        all(Shape::PypiToken, [50, 80, 150].map(|n| format!("{}{}{}", "pypi-AgEI", "cHlwaS5vcmc", alnum(n)))),
        all(Shape::SendgridKey, [0, 3, 5].map(sendgrid)),
        all(
            Shape::VaultToken,
            [("hvs", 24), ("hvb", 90), ("hvs", 95)].map(|(p, n)| format!("{p}.{}", alnum(n))),
        ),
        all(
            Shape::DigitalOceanToken,
            [("dop", 0), ("doo", 0), ("dop", 3)].map(|(p, n)| format!("{p}_v1_{}", run(&HEX[n..], 64))),
        ),
        all(
            Shape::AgeSecretKey,
            [0, 2, 4].map(|n| format!("AGE-SECRET-{}{}", "KEY-1", run(&UPPER[n..], 58))),
        ),
        all(Shape::JoinString, [40, 120, 400].map(|n| format!("eavip1.{}.{}", alnum(n), run(HEX, 8)))),
        all(Shape::JsonWebToken, [20, 60, 200].map(jwt)),
        all(
            Shape::UrlPassword,
            ["postgres", "https", "amqp"].map(|scheme| format!("{scheme}://shop:{}@db.example/x", alnum(9))),
        ),
    ]
}

/// What looks almost like each of the first forms.
fn first_near_misses() -> Vec<(Shape, Vec<String>)> {
    let pem = |text: &str| format!("-----BEGIN {text}-----");
    let hook = "https://hooks.slack.com/services";
    let all = |shape, list: [String; 3]| (shape, list.to_vec());
    vec![
        all(Shape::PrivateKey, [pem("PUBLIC KEY"), pem("CERTIFICATE"), "the PRIVATE KEY of the site".into()]),
        all(
            Shape::AwsAccessKey,
            [
                format!("AKIA{}", run(UPPER, 15)),
                format!("AKIA{}", run(UPPER, 17)),
                format!("AKIA{}", alnum(16)),
            ],
        ),
        all(
            Shape::GithubToken,
            [format!("ghp_{}", alnum(35)), format!("ghx_{}", alnum(36)), format!("aghp_{}", alnum(36))],
        ),
        all(Shape::GithubFineGrained, [81, 83, 20].map(|n| format!("github_pat_{}", alnum(n)))),
        all(
            Shape::GitlabToken,
            [
                format!("glpat-{}", alnum(19)),
                format!("glpat_{}", alnum(20)),
                format!("my-glpat-{}", alnum(20)),
            ],
        ),
        all(
            Shape::SlackToken,
            [format!("xoxb-{}", alnum(12)), format!("xoxz-{}", alnum(40)), format!("xoxb{}", alnum(40))],
        ),
        all(
            Shape::SlackWebhook,
            [
                format!("{hook}/T00000000/B00000000/short"),
                format!("{hook}/"),
                format!("https://example.com/services/T{}/B{}/{}", run(UPPER, 9), run(UPPER, 9), alnum(24)),
            ],
        ),
        all(
            Shape::StripeKey,
            [
                format!("sk_live_{}", alnum(23)),
                format!("sk_test_{}", alnum(24)),
                format!("pk_live_{}", alnum(24)),
            ],
        ),
    ]
}

/// What looks almost like each of the other forms.
fn other_near_misses() -> Vec<(Shape, Vec<String>)> {
    let jwt = |second: &str, n| format!("eyJ{}.{second}{}.{}", alnum(30), alnum(30), alnum(n));
    let all = |shape, list: [String; 3]| (shape, list.to_vec());
    vec![
        all(
            Shape::GoogleApiKey,
            [format!("AIza{}", alnum(34)), format!("AIza{}", alnum(36)), format!("xAIza{}", alnum(35))],
        ),
        all(
            Shape::NpmToken,
            [
                format!("npm_{}", alnum(35)),
                format!("npm_{}", alnum(37)),
                "npm_config_registry_for_everybody_here".into(),
            ],
        ),
        all(
            Shape::PypiToken,
            [format!("pypi-{}", alnum(90)), format!("pypi-AgEI{}", alnum(90)), "pypi-server-internal".into()],
        ),
        all(
            Shape::SendgridKey,
            [
                format!("SG.{}.{}", alnum(21), alnum(43)),
                format!("SG.{}.{}", alnum(22), alnum(42)),
                format!("SG.{}", alnum(66)),
            ],
        ),
        all(
            Shape::VaultToken,
            [format!("hvs.{}", alnum(23)), format!("hvx.{}", alnum(90)), "hvs.example.internal".into()],
        ),
        all(
            Shape::DigitalOceanToken,
            [
                format!("dop_v1_{}", run(HEX, 63)),
                format!("dop_v1_{}", run(HEX, 65)),
                format!("dop_v2_{}", run(HEX, 64)),
            ],
        ),
        all(
            Shape::AgeSecretKey,
            [
                format!("AGE-SECRET-KEY-1{}", run(UPPER, 57)),
                format!("AGE-SECRET-KEY-1{}", run(HEX, 58)),
                format!("age1{}", run(HEX, 58)),
            ],
        ),
        all(
            Shape::JoinString,
            [
                format!("eavip1.{}", alnum(120)),
                format!("eavip1.{}.{}", alnum(120), run(HEX, 7)),
                format!("eavip2.{}.{}", alnum(120), run(HEX, 8)),
            ],
        ),
        all(Shape::JsonWebToken, [jwt("eyJ", 42), jwt("xyJ", 43), format!("eyJ{}", alnum(90))]),
        all(
            Shape::UrlPassword,
            [
                "postgres://shop@db.example/x".into(),
                "https://example.com/a:b@c".into(),
                "postgres://shop:{credential=db}@db.example".into(),
            ],
        ),
    ]
}

// Seed: "No secrets in code or images".
#[test]
fn finds_each_form_alone_and_within_a_text() {
    let positives = positives();
    assert_eq!(positives.iter().map(|(shape, _)| *shape).collect::<Vec<_>>(), Shape::ALL);
    for (shape, texts) in positives {
        for text in texts {
            assert_eq!(find_shape(&text), Some(shape), "{text}");
            for around in
                [format!("x = \"{text}\""), format!("({text})"), format!("a\n{text}\nb"), format!("é{text}")]
            {
                assert_eq!(find_shape(&around), Some(shape), "{around}");
            }
        }
    }
}

#[test]
fn passes_what_only_looks_almost_like_a_form() {
    let near_misses = [first_near_misses(), other_near_misses()].concat();
    assert_eq!(near_misses.iter().map(|(shape, _)| *shape).collect::<Vec<_>>(), Shape::ALL);
    for (shape, texts) in near_misses {
        for text in texts {
            assert_eq!(find_shape(&text), None, "no {shape}: {text}");
        }
    }
}

#[test]
fn identifiers_digests_and_encoded_text_are_no_secrets_where_no_name_says_so() {
    let values = [
        "3f2b8c1e-9d47-4a65-b0e8-5c7a91d2f604",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "hmac-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZw==",
        "eyJhIjoxLCJiIjoyfQ==",
        "4f0c9e2d-registry.example.com/shop/web@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b785",
        "https://shop.example.com/login?next=%2Faccount&session=none",
        "ops@example.com",
        "1712345678901",
    ];
    for value in values {
        let findings = search_pairs("x.toml", &Schema::default(), [("build.id", value)]);
        assert!(findings.iter().all(|finding| finding.outcome == Outcome::Pass), "{value}: {findings:?}");
        assert!(
            search_text("x.log", &format!("id={value} took 4 ms")).iter().all(|f| f.outcome == Outcome::Pass)
        );
        let named = search_pairs("x.toml", &Schema::default(), [("api_key", value)]);
        assert_eq!(named[0].outcome, Outcome::Fail, "with a name that says so: {value}");
    }
}

#[test]
fn a_keys_last_words_say_whether_it_is_a_secret() {
    let yes = [
        "password",
        "DB_PASSWORD",
        "db.password",
        "dbPassword",
        "DBPassword",
        "smtp-passwd",
        "clientSecret",
        "api_key",
        "apiKey",
        "APIKEY",
        "aws.secret.access.key",
        "ACCESS_KEY_2",
        "token1",
        "private-key",
        "credentials",
        "signing_key",
        "storage.connection_string",
        "db_pwd",
    ];
    let no = [
        "",
        "password_file",
        "password.min_length",
        "token_ttl",
        "tokenUrl",
        "secret_name",
        "secretRef",
        "PWD",
        "OLDPWD",
        "key",
        "public_key",
        "primary_key",
        "keyboard",
        "tokenizer",
        "authors",
        "passwords_url",
        "123",
    ];
    for key in yes {
        assert!(says_secret(key), "{key}");
    }
    for key in no {
        assert!(!says_secret(key), "{key}");
    }
}

#[test]
fn a_value_is_suspect_by_length_and_entropy() {
    let yes = ["hunter2", "Tr0ub4dor&3", "correct horse", "postgres", "12345678", "pässwörd"];
    let no = [
        "",
        "true",
        "none",
        "90s",
        "aaaaaaaaaaaa",
        "abababababab",
        "required",
        "Disabled",
        "/etc/shop/tls.key",
        "********",
        "<redacted>",
        "{file=/run/key}",
        "vault:kv/shop#password",
    ];
    for value in yes {
        assert!(is_suspect(value), "{value}");
    }
    for value in no {
        assert!(!is_suspect(value), "{value}");
    }
}

#[test]
fn references_pass_and_a_token_within_one_does_not() {
    let yes = [
        "{credential=db}",
        "{file=/run/secrets/db}",
        "{env=DB_PASSWORD}",
        "vault:secret/data/shop",
        "vault:kv/shop#password",
    ];
    let no = [
        "{credential=}",
        "{other=x}",
        "{env=a}b",
        "{credential={x}}",
        "vault:",
        "vault:word",
        "vault:a/b#",
        "{file=a b}",
        "env=DB",
        "{}",
    ];
    for value in yes {
        assert!(is_reference(value), "{value}");
    }
    for value in no {
        assert!(!is_reference(value), "{value}");
    }
    let smuggled = format!("{{env=ghp_{}}}", alnum(36));
    let findings = search_pairs("x", &Schema::default(), [("a", smuggled.as_str())]);
    assert_eq!(findings[0].rule, "EAVIP-X01");
}

#[test]
fn a_declared_secret_must_be_a_reference_however_short_it_is() {
    let spec = KeySpec { secret: true, ..KeySpec::default() };
    let schema = Schema { keys: [("pin".parse().unwrap(), spec)].into() };
    for (value, expected) in [("1", "EAVIP-X03"), ("{file=/run/pin}", ""), ("", ""), ("***", "")] {
        let findings = search_pairs("x", &schema, [("pin", value)]);
        let failed = findings.iter().find(|finding| finding.outcome == Outcome::Fail);
        assert_eq!(failed.map_or("", |finding| finding.rule.as_ref()), expected, "{value:?}");
    }
}

#[test]
fn a_texts_lines_are_told_by_number() {
    let token = format!("ghp_{}", alnum(36));
    let text = format!(
        "10:03:11 user=ana password={} done\nname: shop\n\"api_key\": \"{}\",\nexport DB_PASSWORD='{}'\n{token}\n\
         password = {{credential=database-main}}\nsecret: <not shown>\ntoken_ttl=900000\n{{\"a\":1,\"secret\":\"{}\"}}",
        alnum(12),
        alnum(12),
        alnum(12),
        alnum(12)
    );
    let told: Vec<String> =
        search_text("shop.log", &text).into_iter().map(|f| format!("{} {}", f.rule, f.message)).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    EAVIP-X02 line 1 of shop.log holds a secret
    EAVIP-X02 line 3 of shop.log holds a secret
    EAVIP-X02 line 4 of shop.log holds a secret
    EAVIP-X01 line 5 of shop.log holds a secret of the form `github-token`
    EAVIP-X02 line 9 of shop.log holds a secret
    ");
}

#[test]
fn what_is_too_long_to_search_never_passes_and_findings_end() {
    let findings = search_text("big", &"x".repeat(MAX_TEXT + 1));
    assert_eq!((findings.len(), findings[0].outcome), (1, Outcome::Undetermined));
    let line = "tttttttttttoken=".repeat(10_000);
    assert!(search_text("one line", &line).iter().all(|finding| finding.outcome == Outcome::Pass));
    let many = format!("password={}\n", alnum(12)).repeat(MAX_FINDINGS + 5);
    assert_eq!(search_text("many", &many).len(), MAX_FINDINGS);
}

#[test]
fn a_key_that_is_itself_a_token_is_not_shown() {
    let token = format!("ghp_{}", alnum(36));
    for value in ["x", token.as_str()] {
        let findings = search_pairs("env", &Schema::default(), [(token.as_str(), value)]);
        let json = serde_json::to_string(&findings).unwrap();
        assert_eq!(findings[0].outcome, Outcome::Fail);
        assert!(!json.contains(&token), "{json}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in any::<String>(), key in any::<String>()) {
        let _shape = find_shape(&text);
        prop_assert!(!search_pairs("x", &Schema::default(), [(key.as_str(), text.as_str())]).is_empty());
        prop_assert!(!search_text("x", &text).is_empty());
    }

    #[test]
    fn no_text_of_tricky_parts_is_too_strange(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "://", ":", "@", "=", "\"", "'", "<", ">", "{", "}", "eyJ", ".", "SG.", "AKIA", "é", "\n", "ghp_",
            "-----BEGIN ", "password", "vault:", "#", "/", "A7", " ",
        ]), 0..40),
    ) {
        let text = parts.concat();
        prop_assert!(!search_text("x", &text).is_empty());
        prop_assert!(!search_pairs("x", &Schema::default(), [("password", text.as_str())]).is_empty());
    }

    #[test]
    fn a_finding_never_tells_the_value_nor_its_length(value in "[A-Za-z0-9!%+]{41,80}") {
        let findings = search_pairs("x", &Schema::default(), [("password", value.as_str())]);
        let json = serde_json::to_string(&findings).unwrap();
        prop_assert!(!json.contains(&value) && !json.contains(&value.len().to_string()), "{}", json);
        prop_assert!(findings.iter().all(|finding| finding.outcome == Outcome::Fail), "{}", json);
    }

    #[test]
    fn adding_a_pair_never_hides_a_secret(
        before in proptest::collection::vec(("[a-z_]{1,12}", "[a-z0-9]{0,12}"), 0..6),
        more in ("[a-z_]{1,12}", "[a-z0-9]{0,12}"),
    ) {
        let worst = |pairs: &[(String, String)]| {
            let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            search_pairs("x", &Schema::default(), pairs).iter().map(|finding| finding.outcome).max()
        };
        let after = [before.clone(), vec![more]].concat();
        prop_assert!(worst(&after) >= worst(&before));
    }
}
