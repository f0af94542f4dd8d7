//! The rules themselves: text in, sentences about what is wrong out.

use super::Source;
use crate::widget;

const LONGEST_FILE: usize = 400;
const LONGEST_PAGE: usize = 40;

/// Words that may not be in some files, and why.
struct Ban {
    words: &'static [&'static str],
    applies: fn(&str) -> bool,
    why: &'static str,
}

const BANS: [Ban; 7] = [
    Ban {
        words: &[
            "innerHTML",
            "inner_html",
            "outerHTML",
            "outer_html",
            "insertAdjacentHTML",
            "document.write(",
        ],
        applies: |path| is_code(path) && !is_test(path),
        why: "text from outside becomes nodes, never markup",
    },
    Ban {
        words: &["client::", "gloo_net", "serde_wasm_bindgen", "serde::"],
        applies: |path| path == "src/view.rs" || path.starts_with("src/view/"),
        why: "the view knows neither transport nor wire formats",
    },
    Ban {
        words: &["js_sys", "JsValue"],
        applies: |path| path.starts_with("src/") && !is_js_boundary(path),
        why: "only the boundary touches JavaScript's own types: handle, client, mount, the elements and the Markdown painter",
    },
    Ban {
        words: &["leptos::", "reactive_graph::", "web_sys", "gloo_", "js_sys", "tokio::"],
        applies: |path| {
            ["protocol", "markdown", "highlight", "math", "diagram"]
                .iter()
                .any(|name| path.starts_with(&format!("crates/{name}/src/")))
        },
        why: "the shared crates know neither browser nor server",
    },
    Ban {
        words: &["triptych_copilot::"],
        applies: |path| path.starts_with("gateway/") || path.starts_with("crates/"),
        why: "the gateway and the widget never see each other",
    },
    Ban {
        words: &["triptych_gateway", "triptych_simulator"],
        applies: |path| path.starts_with("src/") || path.starts_with("crates/protocol/"),
        why: "the gateway and the widget never see each other",
    },
    Ban {
        words: &["console.log(", "debugger;"],
        applies: |path| path.starts_with("pkg/src/") || path.starts_with("www/"),
        why: "nothing is left on a host page's console",
    },
];

/// What is wrong within one file.
pub(crate) fn file(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if is_code(path) && lines > LONGEST_FILE {
        problems.push(format!("{path}: {lines} lines; split it, {LONGEST_FILE} is the most"));
    }
    if path.starts_with("www/") && path.ends_with(".html") && lines > LONGEST_PAGE {
        problems.push(format!("{path}: {lines} lines; an example has at most {LONGEST_PAGE}"));
    }
    for ban in BANS.iter().filter(|ban| (ban.applies)(path)) {
        for word in ban.words {
            problems.extend(at(path, text, word).map(|place| format!("{place}: `{word}`: {}", ban.why)));
        }
    }
    for word in private_words() {
        problems
            .extend(at(path, text, &word).map(|place| format!("{place}: `{word}` is of one machine only")));
    }
    problems
}

/// What is wrong between files.
pub(crate) fn tree(sources: &[Source]) -> Vec<String> {
    let text =
        |path: &str| sources.iter().find(|source| source.path == path).map_or("", |source| &source.text);
    let mut problems = Vec::new();

    let version = after(text("Cargo.toml"), "[workspace.package]\nversion = \"");
    for (path, found) in [
        ("pkg/package.json", after(text("pkg/package.json"), "\"version\": \"")),
        ("pkg/src/load.js", after(text("pkg/src/load.js"), "VERSION = \"")),
    ] {
        if found != version {
            problems.push(format!("{path}: version {found:?}, but Cargo.toml says {version:?}"));
        }
    }

    let bindgen = after(text("Cargo.toml"), "\nwasm-bindgen = \"");
    let found = after(text("xtask/Cargo.toml"), "wasm-bindgen-cli-support = \"");
    if found != bindgen || !bindgen.is_some_and(|version| version.starts_with('=')) {
        problems
            .push(format!("xtask/Cargo.toml: {found:?} has to equal wasm-bindgen's {bindgen:?}, exactly"));
    }

    for stem in widget::CHUNKS.map(widget::chunk_stem).into_iter().chain([widget::STEM.to_owned()]) {
        let literal = format!("new URL(\"./{stem}_bg.wasm\", import.meta.url)");
        let scripts = sources.iter().filter(|source| source.path.starts_with("pkg/src/"));
        let count: usize = scripts.map(|source| source.text.matches(&literal).count()).sum();
        if count != 1 {
            problems.push(format!(
                "pkg/src: `{literal}` is there {count} times; bundlers emit one file for each"
            ));
        }
    }
    problems
}

fn is_code(path: &str) -> bool {
    [".rs", ".js", ".mjs", ".ts", ".css", ".sql", ".html"].iter().any(|ending| path.ends_with(ending))
        && !path.starts_with("xtask/src/tidy/")
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.starts_with("bench/")
}

fn is_js_boundary(path: &str) -> bool {
    ["src/handle.rs", "src/client.rs", "src/mount.rs", "src/view/dom.rs", "src/view/markdown.rs"]
        .contains(&path)
        || path.starts_with("src/client/")
        || path.starts_with("src/view/markdown/")
}

/// Spelled in pieces, so that this file does not break its own rule.
fn private_words() -> [String; 4] {
    [["localhost:", "18090"], ["/root", "/"], ["/work", "/main"], ["/work", "/shared"]]
        .map(|parts| parts.concat())
}

/// The places of a word, as `path:line`.
fn at<'a>(path: &'a str, text: &'a str, word: &'a str) -> impl Iterator<Item = String> + 'a {
    let hits = text.lines().enumerate().filter(move |(_, line)| line.contains(word));
    hits.map(move |(number, _)| format!("{path}:{}", number + 1))
}

/// What stands between `start` and the next quotation mark.
fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> usize {
        file(&Source { path: path.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn markup_from_text_is_refused_in_code_but_not_in_its_tests() {
        assert_eq!(problems("src/view/chat.rs", "node.set_inner_html(text)"), 1);
        assert_eq!(problems("tests/e2e/chat.mjs", "body.innerHTML"), 0);
    }

    #[test]
    fn the_view_may_not_reach_for_the_client() {
        assert_eq!(problems("src/view/chat.rs", "use crate::client::Client;"), 1);
        assert_eq!(problems("src/handle.rs", "use crate::client::Client;"), 0);
    }

    #[test]
    fn a_file_of_more_than_400_lines_is_refused() {
        assert_eq!(problems("gateway/src/app.rs", &"\n".repeat(400)), 0);
        assert_eq!(problems("gateway/src/app.rs", &"\n".repeat(401)), 1);
    }

    #[test]
    fn versions_that_differ_are_found() {
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let cargo = "[workspace.package]\nversion = \"0.1.0\"\n\nwasm-bindgen = \"=1.2\"\n";
        let tools = "wasm-bindgen-cli-support = \"=1.2\"\n";
        let stems = widget::CHUNKS.map(widget::chunk_stem).into_iter().chain([widget::STEM.to_owned()]);
        let urls: String =
            stems.map(|stem| format!("new URL(\"./{stem}_bg.wasm\", import.meta.url);")).collect();
        let script = &format!("VERSION = \"0.1.0\"; {urls}");
        let mut sources = vec![
            source("Cargo.toml", cargo),
            source("xtask/Cargo.toml", tools),
            source("pkg/package.json", "\"version\": \"0.1.0\""),
            source("pkg/src/load.js", script),
        ];
        assert_eq!(tree(&sources), Vec::<String>::new());
        sources[2].text = "\"version\": \"0.2.0\"".to_owned();
        assert_eq!(tree(&sources).len(), 1);
    }
}
