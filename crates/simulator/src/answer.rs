use crate::tokens;

const PLAN: &str = include_str!("answers/plan.md");
const CODE: &str = include_str!("answers/code.md");
const COMPARE: &str = include_str!("answers/compare.md");
const EXPLAIN: &str = include_str!("answers/explain.md");

/// Tokens of an answer to a prompt that asks for a long one.
const LONG_TOKENS: usize = 1500;

/// A Markdown answer about the prompt. The same prompt always gets the same answer.
pub(crate) fn compose(prompt: &str) -> String {
    let lower = prompt.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let has = |wanted: &[&str]| wanted.iter().any(|word| words.contains(word));
    if lower.contains("in one word") {
        return "Yes.".to_owned();
    }
    let topic = topic(prompt);
    if topic.is_empty() || (words.len() <= 3 && has(&["hi", "hello", "hey", "hallo"])) {
        return "Hello! Ask me anything: I answer in **Markdown**, with code and tables where they help."
            .to_owned();
    }
    if has(&["short", "brief", "briefly"]) {
        return format!(
            "In short, about **{topic}**: start with the smallest version that works, look at it with \
             somebody who will use it, and change *one* thing at a time."
        );
    }
    let template = if has(&["code", "function", "rust", "python", "javascript", "script", "program", "sql"]) {
        CODE
    } else if has(&["compare", "versus", "vs", "difference", "better", "or"]) {
        COMPARE
    } else if has(&["explain", "what", "why", "describe"]) {
        EXPLAIN
    } else if has(&["plan", "steps", "how", "build", "make", "start", "launch", "roadmap"])
        || tokens::hash(&lower).is_multiple_of(3)
    {
        PLAN
    } else {
        EXPLAIN
    };
    if has(&["long", "detailed"]) { long(template, &topic) } else { fill(template, &topic) }
}

fn long(first: &str, topic: &str) -> String {
    let others = [EXPLAIN, PLAN, COMPARE, CODE].into_iter().filter(|other| *other != first);
    let mut text = fill(first, topic);
    for other in others.cycle() {
        text.push('\n');
        text.push_str(&fill(other, topic));
        if tokens::pieces(&text).len() >= LONG_TOKENS {
            break;
        }
    }
    // Ends with a whole paragraph, so that no fence or table is left open.
    let mut length = 0;
    let mut fenced = false;
    let mut kept = String::new();
    for block in text.split_inclusive("\n\n") {
        kept.push_str(block);
        length += tokens::pieces(block).len();
        fenced ^= block.matches("```").count() % 2 == 1;
        if length >= LONG_TOKENS && !fenced {
            break;
        }
    }
    kept
}

fn fill(template: &str, topic: &str) -> String {
    let slug: String = topic
        .to_lowercase()
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| word.len() > 2)
        .take(3)
        .collect::<Vec<_>>()
        .join("-");
    let slug = if slug.is_empty() { "first-slice" } else { &slug };
    template.replace("{Title}", &capitalised(topic)).replace("{slug}", slug).replace("{topic}", topic)
}

/// What the prompt is about: its first sentence without the words that ask, in the reader's person.
fn topic(prompt: &str) -> String {
    const ASKING: [&str; 22] = [
        "please", "can", "could", "would", "you", "i", "we", "me", "us", "explain", "tell", "show", "give",
        "describe", "write", "about", "help", "want", "need", "to", "compare", "briefly",
    ];
    let line = prompt.trim().lines().next().unwrap_or_default();
    let sentence = line.split(['?', '!', ';']).next().unwrap_or_default();
    let sentence = sentence.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let sentence = [" and why ", " and how ", " and what "]
        .iter()
        .fold(sentence, |rest, second| rest.split(second).next().unwrap_or_default());
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let bare: Vec<String> = words
        .iter()
        .map(|word| word.to_lowercase().trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned())
        .collect();
    let mut start = bare.iter().take_while(|word| ASKING.contains(&word.as_str())).count();
    // "How does it …" keeps its question word: without it the rest would not be a phrase.
    start += match bare.get(start..).unwrap_or_default() {
        [how, to, ..] if how == "how" && to == "to" => 2,
        [how, verb, who, ..]
            if how == "how"
                && ["do", "can", "should", "could", "would"].contains(&verb.as_str())
                && ["i", "we", "you", "one"].contains(&who.as_str()) =>
        {
            3
        }
        [what, verb, ..] if what == "what" && ["is", "are"].contains(&verb.as_str()) => 2,
        _ => 0,
    };
    let kept = words.get(start..).filter(|kept| !kept.is_empty()).unwrap_or(&words);
    let mut topic = kept.iter().take(12).map(|word| neutral(word)).collect::<Vec<_>>().join(" ");
    if kept.len() > 12 {
        topic.push('…');
    }
    topic
}

/// A word that cannot open emphasis, code, links or table cells in the answer, in the reader's person.
fn neutral(word: &str) -> String {
    let plain: String = word.chars().filter(|letter| !"*_`[]<>|#\\{}\"".contains(*letter)).collect();
    match plain.as_str() {
        "my" | "our" => "your".to_owned(),
        "I" | "me" | "we" | "us" => "you".to_owned(),
        _ => plain,
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_every_kind_of_block_and_names_the_topic() {
        for prompt in [
            "How do I add a credit balance to my app?",
            "Write a Rust function for counting words",
            "Compare polling and webhooks",
            "What are server-sent events?",
        ] {
            let text = compose(prompt);
            for mark in ["\n### ", "**", "\n1. ", "\n   - ", "\n```", "| --- |", "](https://", "\n> "] {
                assert!(text.contains(mark), "{prompt}: no {mark:?}");
            }
            assert!(text.starts_with("## "), "{prompt}");
            assert_eq!(text.matches("```").count() % 2, 0);
            assert_eq!(text, compose(prompt));
        }
        assert!(compose("How do I add a credit balance to my app?").contains("credit balance to your app"));
    }

    #[test]
    fn length_words_are_obeyed() {
        let length = |prompt| tokens::pieces(&compose(prompt)).len();
        assert!(length("Is water wet, in one word?") <= 3);
        assert!(length("A short note on tides") < 60);
        let long = length("A long essay on tides");
        assert!((1450..1700).contains(&long), "{long}");
    }

    #[test]
    fn markup_in_the_prompt_does_not_reach_the_answer() {
        let text = compose("explain <b>|x|</b> `y` [z](javascript:1)");
        assert!(!text.contains("<b>") && !text.contains("](javascript"));
    }
}
