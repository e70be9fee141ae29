//! What became of something, for the record.

use serde_json::{Map, Value, json};

/// The fields that differ, each with what it was and what it is. Both sides are objects of codes,
/// ids and numbers: texts and personal data do not belong into the log.
pub(crate) fn between(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return json!({}) };
    let differs = |(name, now): (&String, &Value)| {
        let was = before.get(name).unwrap_or(&Value::Null);
        (was != now).then(|| (name.clone(), json!([was, now])))
    };
    Value::Object(after.iter().filter_map(differs).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told_with_what_it_was() {
        let before = json!({ "state": "draft", "edition": null, "visibility": "public" });
        let after = json!({ "state": "published", "edition": 1, "visibility": "public" });
        let expected = json!({ "state": ["draft", "published"], "edition": [null, 1] });
        assert_eq!(between(&before, &after), expected);
        assert_eq!(between(&after, &after), json!({}));
    }
}
