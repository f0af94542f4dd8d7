//! What models do with tools and with forms of answer, as far as a page can tell.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How deep a schema is followed.
const DEEPEST: usize = 8;

/// A tool of a request.
#[derive(Deserialize)]
pub(crate) struct Tool {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    parameters: Value,
}

/// A call as the model makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToolCall {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

impl ToolCall {
    pub(crate) fn whole(&self) -> Value {
        json!({"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}})
    }

    /// As streams have it: the name first, then the arguments bit by bit.
    pub(crate) fn pieces(&self, index: usize) -> Vec<Value> {
        let begin = json!({
            "index": index, "id": self.id, "type": "function", "function": {"name": self.name, "arguments": ""},
        });
        let letters: Vec<char> = self.arguments.chars().collect();
        let bits = letters.chunks(8).map(|bit| bit.iter().collect::<String>());
        let more = bits.map(|bit| json!({"index": index, "function": {"arguments": bit}}));
        [begin].into_iter().chain(more).map(|piece| json!({"tool_calls": [piece]})).collect()
    }
}

/// Takes the calls out of a prompt that it asks for itself: `[[call:name {"of": "arguments"}]]`, whether there is such a
/// tool or not, and whatever its arguments are.
pub(crate) fn take(prompt: &str) -> (String, Vec<ToolCall>) {
    let (mut left, mut calls) = (String::new(), Vec::new());
    let mut rest = prompt;
    while let Some((before, marker)) = rest.split_once("[[call:") {
        let Some((call, after)) = marker.split_once("]]") else { break };
        let (name, arguments) = call.split_once(' ').unwrap_or((call, "{}"));
        calls.push(ToolCall {
            id: format!("call_{}", calls.len() + 1),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        });
        left.push_str(before);
        rest = after;
    }
    left.push_str(rest);
    (left.trim().to_owned(), calls)
}

/// The tools that a prompt names, called with what their schema wants.
pub(crate) fn wanted(prompt: &str, tools: &[Tool]) -> Vec<ToolCall> {
    let said = words(prompt);
    let named = tools.iter().filter(|tool| said.contains(&words(&tool.function.name)));
    named
        .enumerate()
        .map(|(index, tool)| ToolCall {
            id: format!("call_{}", index + 1),
            name: tool.function.name.clone(),
            arguments: match example(&tool.function.parameters, prompt, 0) {
                Value::Object(fields) => Value::Object(fields).to_string(),
                _ => "{}".to_owned(),
            },
        })
        .collect()
}

/// A value that fits a schema, in the ways in which most schemas say what they want.
pub(crate) fn example(schema: &Value, prompt: &str, depth: usize) -> Value {
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)).or_else(|| schema.get("const")) {
        return first.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    let number = || schema.get("minimum").cloned().unwrap_or_else(|| json!(1));
    match kind {
        _ if depth > DEEPEST => Value::Null,
        Some("string") => prompt.chars().take(80).collect::<String>().into(),
        Some("integer" | "number") => number(),
        Some("boolean") => Value::Bool(true),
        Some("array") => {
            json!([example(schema.get("items").unwrap_or(&Value::Null), prompt, depth + 1)])
        }
        Some("object") => {
            let fields = schema.get("properties").and_then(Value::as_object);
            let filled = fields.into_iter().flatten();
            let filled: Map<String, Value> =
                filled.map(|(name, schema)| (name.clone(), example(schema, prompt, depth + 1))).collect();
            Value::Object(filled)
        }
        _ => Value::Null,
    }
}

/// An answer that uses what the tools have given.
pub(crate) fn report(results: &[String]) -> String {
    let lines = results.iter().map(|result| format!("- {}\n", result.replace('\n', " ")));
    format!("Here is what came of it:\n\n{}", lines.collect::<String>())
}

/// Letters and digits, each run of them a word.
fn words(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(String::from(" "), |all, word| all + word + " ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_tool_that_is_named_is_called_with_what_its_schema_wants() {
        let tools: Vec<Tool> = serde_json::from_value(json!([
            {"type": "function", "function": {"name": "show_order", "parameters": {
                "type": "object",
                "properties": {"id": {"type": "integer", "minimum": 7}, "how": {"enum": ["short", "long"]}},
            }}},
            {"type": "function", "function": {"name": "pay"}},
        ]))
        .unwrap();
        let calls = wanted("Please show order 7.", &tools);
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
        assert_eq!((call.name.as_str(), arguments), ("show_order", json!({"id": 7, "how": "short"})));
        assert_eq!(wanted("I prepay", &tools), []);
        let bits = call.pieces(0);
        assert!(bits.len() > 2);
        let said: String =
            bits.iter().map(|bit| bit["tool_calls"][0]["function"]["arguments"].as_str().unwrap()).collect();
        assert_eq!(said, call.arguments);
    }

    #[test]
    fn a_prompt_can_ask_for_any_call() {
        let (left, calls) = take("Go [[call:pay {\"sum\": 1}]] on [[call:none]]");
        assert_eq!(left, "Go  on");
        let calls: Vec<_> = calls.iter().map(|call| (&*call.id, &*call.name, &*call.arguments)).collect();
        assert_eq!(calls, [("call_1", "pay", "{\"sum\": 1}"), ("call_2", "none", "{}")]);
    }

    #[test]
    fn an_example_ends_however_deep_its_schema_is() {
        let mut schema = json!({"type": "string"});
        for _ in 0..50 {
            schema = json!({"type": "array", "items": schema});
        }
        example(&schema, "x", 0);
    }
}
