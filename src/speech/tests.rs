use super::*;

fn said(text: &str) -> Vec<Spoken> {
    let mut speech = Speech::default();
    let mut spoken = speech.push(text);
    spoken.extend(speech.finish());
    spoken
}

fn sentences(text: &str) -> Vec<String> {
    let sentence = |spoken| match spoken {
        Spoken::Sentence(words) => words,
        Spoken::Code(lines) => format!("code {lines}"),
        Spoken::Table(rows) => format!("table {rows}"),
    };
    said(text).into_iter().map(sentence).collect()
}

#[test]
fn sentences_are_said_one_by_one() {
    assert_eq!(sentences("One. Two! Is it \"three?\" Yes"), ["One.", "Two!", "Is it \"three?\"", "Yes"]);
    assert_eq!(sentences("今日は晴れ。明日は雨！本当？"), ["今日は晴れ。", "明日は雨！", "本当？"]);
}

#[test]
fn what_looks_like_an_end_and_is_none_ends_nothing() {
    let text = "Use e.g. this one, i. e. version 2.5 of Dr. Who by J. S. Bach, etc. and so on";
    assert_eq!(sentences(text), [text]);
    assert_eq!(sentences("Am 3. Oktober. Dann"), ["Am 3. Oktober.", "Dann"]);
}

#[test]
fn a_sentence_is_said_as_soon_as_the_next_begins() {
    let mut speech = Speech::default();
    assert_eq!(speech.push("The first."), []);
    assert_eq!(speech.push(" "), []);
    assert_eq!(speech.push("T"), [Spoken::Sentence("The first.".into())]);
    assert_eq!(speech.push("he second"), []);
    assert_eq!(speech.finish(), [Spoken::Sentence("The second".into())]);
}

#[test]
fn of_code_and_tables_it_is_said_how_long_they_are() {
    let text = "Look:\n```rust\nfn main() {\n}\n// ``` not yet\n\n```\nDone.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nEnd";
    assert_eq!(sentences(text), ["Look:", "code 4", "Done.", "table 2", "End"]);
    assert_eq!(sentences("~~~\nan answer that was cut"), ["code 1"]);
}

#[test]
fn headings_and_items_are_said_by_themselves_and_without_marks() {
    let text = "# A **title**\n\n- *one* thing\n- [two](https://x.example/a_b) `things`\n3. three\n\n---\n\nsoft\nbreak";
    assert_eq!(sentences(text), ["A title", "one thing", "two things", "3. three", "soft break"]);
    assert_eq!(sentences("snake_case and _words_ \\*"), ["snake_case and words *"]);
}

#[test]
fn a_text_without_ends_is_said_in_pieces() {
    let words = "word ".repeat(400);
    let spoken = sentences(&words);
    assert!(spoken.len() >= 4, "{}", spoken.len());
    assert!(spoken.iter().all(|piece| piece.len() <= LONGEST + 8));
    assert_eq!(spoken.join(" "), words.trim_end());
}

#[test]
fn the_pieces_in_which_an_answer_comes_change_nothing_of_what_is_said() {
    let text = "Intro with e.g. dots. Then *more*! 今日。\n\n- item one. And more\n- two\n\n```js\na\nb\n```\n\n| a |\n|---|\n| ü |\n\nEnd. Über! Ok";
    let whole = said(text);
    let mut speech = Speech::default();
    let mut spoken: Vec<Spoken> = text.chars().flat_map(|c| speech.push(&c.to_string())).collect();
    spoken.extend(speech.finish());
    assert_eq!(spoken, whole);
}
