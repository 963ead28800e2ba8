//! The schema that editors get: it knows every key of the runbooks that are shipped.

use std::path::PathBuf;

use eavip_core::policy::BUILTIN;
use serde_json::Value;

use super::alone;

/// The keys of a value that a schema doesn't take, by their path.
fn unknown(value: &toml::Value, schema: &Value, path: &str) -> Vec<String> {
    if let Some(either) = schema["anyOf"].as_array() {
        let tried = either.iter().map(|schema| unknown(value, schema, path));
        return tried.min_by_key(Vec::len).unwrap_or_default();
    }
    match (value, schema["type"].as_str()) {
        (toml::Value::Table(table), Some("object")) => {
            let below = |(key, value): (&String, &toml::Value)| {
                let path = format!("{path}.{key}");
                let known = schema["properties"].get(key).or_else(|| schema.get("additionalProperties"));
                match known.filter(|known| **known != Value::Bool(false)) {
                    Some(schema) => unknown(value, schema, &path),
                    None => vec![path],
                }
            };
            table.iter().flat_map(below).collect()
        }
        (toml::Value::Array(list), Some("array")) => {
            list.iter().flat_map(|value| unknown(value, &schema["items"], path)).collect()
        }
        (toml::Value::Table(_) | toml::Value::Array(_), _) | (_, Some("object" | "array")) => {
            vec![path.to_owned()]
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_schema_takes_every_key_of_the_shipped_runbooks_and_no_misspelt_one() {
    let dir = tempfile::tempdir().unwrap();
    let printed = alone(dir.path(), &["policy", "schema"], &[]);
    assert_eq!(printed.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).parent().unwrap().to_owned();
    let shipped = std::fs::read_to_string(root.join("deploy/runbook.toml")).unwrap();
    for text in [BUILTIN, &shipped] {
        let runbook: toml::Table = text.parse().unwrap();
        assert_eq!(unknown(&toml::Value::Table(runbook), &schema, ""), Vec::<String>::new());
    }
    let misspelt: toml::Table =
        "[alert.disk-full]\nabov = 0.9\n[grouping]\nwait = \"1m\"\nwaits = \"1m\"\n".parse().unwrap();
    let found = unknown(&toml::Value::Table(misspelt), &schema, "");
    assert!(
        found.contains(&".alert.disk-full.abov".to_owned()) && found.contains(&".grouping.waits".to_owned()),
        "{found:?}"
    );
}
