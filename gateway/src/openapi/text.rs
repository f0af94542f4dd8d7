//! Descriptions are the comments of the code. Here they become text for people who do not see the code.

use serde_json::Value;

/// Puts the lines of every description together, takes the brackets off the names of types, and says of no parameter
/// that it may be null: one that is not sent is not there.
pub(super) fn tidy(part: &mut Value) {
    match part {
        Value::Object(fields) => {
            let is_parameter = fields.contains_key("in") && fields.contains_key("schema");
            let kind =
                fields.get_mut("schema").filter(|_| is_parameter).and_then(|schema| schema.get_mut("type"));
            if let Some(kind) = kind {
                *kind = without_null(kind.take());
            }
            for (name, value) in fields {
                match value {
                    Value::String(text) if matches!(name.as_str(), "description" | "summary") => {
                        *text = plain(text);
                    }
                    value => tidy(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn plain(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|lines| lines.trim().replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n\n").replace("[`", "`").replace("`]", "`")
}

fn without_null(kind: Value) -> Value {
    let Value::Array(mut kinds) = kind else { return kind };
    kinds.retain(|kind| kind != "null");
    match kinds.pop() {
        Some(only) if kinds.is_empty() => only,
        last => Value::Array(kinds.into_iter().chain(last).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_description_has_no_marks_of_the_code_and_a_parameter_is_never_null() {
        let mut document = json!({
            "description": "One line\nand another,\n\nsee [`Other`].",
            "properties": {"description": {"type": ["string", "null"]}},
            "parameters": [{"in": "query", "schema": {"type": ["integer", "null"]}}],
        });
        tidy(&mut document);
        assert_eq!(
            document,
            json!({
                "description": "One line and another,\n\nsee `Other`.",
                "properties": {"description": {"type": ["string", "null"]}},
                "parameters": [{"in": "query", "schema": {"type": "integer"}}],
            })
        );
    }
}
