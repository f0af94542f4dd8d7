//! Diagrams as models write them, and as nobody should.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use triptych_diagram::{Drawing, Error, Step, render};

const ELEMENTS: &[&str] = &["circle", "path", "rect", "svg", "text"];

const ATTRIBUTES: &[&str] = &[
    "class",
    "cx",
    "cy",
    "d",
    "direction",
    "dominant-baseline",
    "fill",
    "height",
    "r",
    "role",
    "rx",
    "text-anchor",
    "viewBox",
    "width",
    "x",
    "y",
];

/// Whether steps make one element of what is allowed, with numbers that are numbers.
fn check(source: &str, drawing: &Drawing) {
    let mut depth = 0;
    for (index, step) in drawing.steps.iter().enumerate() {
        match step {
            Step::Open(name) => {
                assert!(ELEMENTS.contains(name), "{source}: {name}");
                assert!(depth > 0 || index == 0, "{source}");
                depth += 1;
            }
            Step::Attribute(name, value) => {
                assert!(ATTRIBUTES.contains(name), "{source}: {name}");
                let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .-#".contains(&byte));
                assert!(
                    plain && !value.contains("NaN") && !value.contains("inf"),
                    "{source}: {name}={value}"
                );
            }
            Step::Text(_) => {}
            Step::Close => depth -= 1,
        }
    }
    assert_eq!(depth, 0, "{source}");
}

fn drawn(source: &str) -> Drawing {
    let drawing = render(source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
    check(source, &drawing);
    drawing
}

fn told(source: &str) -> String {
    drawn(source).description
}

fn texts(source: &str) -> Vec<String> {
    let text = |step| if let Step::Text(text) = step { Some(text) } else { None };
    drawn(source).steps.into_iter().filter_map(text).collect()
}

#[test]
fn flowcharts_have_shapes_edges_and_labels() {
    for (source, expected) in [
        ("graph TD\nA-->B", "A → B"),
        ("flowchart LR; a[One] --> b(Two); b --> c{Three}", "One → Two; Two → Three"),
        ("flowchart TD\n A -->|yes| B\n A -- no --> C", "A → B (yes); A → C (no)"),
        ("flowchart TD\n A -. maybe .-> B\n B == sure ==> C", "A → B (maybe); B → C (sure)"),
        ("flowchart TD\n A --- B -.- C === D", "A — B; B — C; C — D"),
        ("flowchart TD\n A <--> B\n C o--o D\n E x--x F", "A ↔ B; C ↔ D; E ↔ F"),
        ("flowchart TD\n A & B --> C & D", "A → C; A → D; B → C; B → D"),
        ("flowchart TD\n A[\"Say (hi) [now]\"] --> B[\"a<br/>b\"]", "Say (hi) [now] → a b"),
        (
            "flowchart TD\n A([s]) --> B[[t]] --> C[(u)] --> D((v)) --> E>w] --> F{{x}} --> G[/y/] --> H(((z)))",
            "s → t; t → u; u → v; v → w; w → x; x → y; y → z",
        ),
        (
            "flowchart TD\n A:::big --> B\n classDef big fill:#f00\n style B fill:#0f0\n click A \"https://a.example\"\n%% note",
            "A → B",
        ),
        ("flowchart TD\n A ----> B\n C ~~~ A\n D", "A → B; C; D"),
        ("flowchart TD\n my-node --> other_node.x", "my-node → other_node.x"),
        ("flowchart TD\n 开始[开始] --> é", "开始 → é"),
        ("---\ntitle: x\n---\ngraph TD\nA-->A", "A → A"),
        ("graph TD\nA-->B\nB-->A", "A → B; B → A"),
    ] {
        // Hidden edges make nobody alone who has another.
        let expected = expected.replace("; C; D", "; D");
        assert_eq!(told(source), expected, "{source}");
    }
}

#[test]
fn subgraphs_hold_what_stands_in_them_and_can_be_led_to() {
    let source = "flowchart TB\n subgraph one [First part]\n  direction LR\n  a --> b\n  subgraph deep\n   c\n  end\n end\n subgraph two\n  d\n end\n one --> two\n b --> d\n x --> a";
    assert_eq!(told(source), "a → b; First part → two; b → d; x → a; c");
    assert!(texts(source).contains(&"First part".to_owned()));
}

#[test]
fn sequences_have_messages_notes_frames_and_activity() {
    let source = "sequenceDiagram\n autonumber\n participant A as Alice\n actor B\n A->>+B: Hello\n B-->>-A: Hi\n Note over A,B: They talk\n loop every day\n  A-)B: Ping\n  alt fine\n   B--xA: Lost\n  else not\n   B->>B: Think\n  end\n end\n rect rgb(0,0,0)\n A->B: Plain\n end";
    assert_eq!(
        told(source),
        "Alice → B: 1. Hello; B → Alice: 2. Hi; They talk; loop every day; Alice → B: 3. Ping; alt fine; B → Alice: 4. Lost; not; B → B: 5. Think; Alice → B: 6. Plain"
    );
}

#[test]
fn pies_have_parts_and_a_legend() {
    assert_eq!(told("pie title Pets\n \"Dogs\" : 3\n \"Cats\" : 1"), "Pets; Dogs: 75 %; Cats: 25 %");
    assert_eq!(told("pie showData\n \"All\" : 7.5"), "All: 100 % (7.5)");
    for wrong in ["pie\n \"a\" : -1", "pie\n \"a\" : NaN", "pie\n \"a\" : inf", "pie", "pie\n \"a\""] {
        assert!(render(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn states_are_drawn_like_flowcharts() {
    let source = "stateDiagram-v2\n [*] --> Still\n Still --> Moving: push\n state \"On the way\" as Moving\n state Crash {\n  [*] --> Loud\n }\n Moving --> Crash\n Crash --> [*]\n note right of Still\n  hm\n end note\n state c <<choice>>";
    assert_eq!(
        told(source),
        "● → Still; Still → On the way (push); ● → Loud; On the way → Crash; Crash → ●; ●"
    );
}

#[test]
fn what_is_not_known_is_named() {
    assert_eq!(render("gantt\n title x"), Err(Error::Kind("gantt".into())));
    assert_eq!(render("erDiagram"), Err(Error::Kind("erDiagram".into())));
    assert_eq!(render(""), Err(Error::Kind(String::new())));
    assert_eq!(render("flowchart TD\n A --> "), Err(Error::Line("A -->".into())));
    assert_eq!(render("flowchart TD\n A ?? B"), Err(Error::Line("A ?? B".into())));
    assert_eq!(render("sequenceDiagram\n hello there"), Err(Error::Line("hello there".into())));
}

#[test]
fn what_a_source_says_is_only_ever_text() {
    let source = "flowchart TD\n A[\"<img src=x onerror=alert(1)>\"] --> B[\"javascript:alert(1)\"]\n click A href \"javascript:alert(1)\"\n style A fill:url(javascript:alert(1))";
    assert!(texts(source).iter().any(|text| text.contains("<img")), "{:?}", texts(source));
    check(source, &drawn(source));
}

#[test]
fn what_is_too_large_is_refused_and_not_tried() {
    let edges: String = (0..300).map(|index| format!("n{index} --> n{}\n", index + 1)).collect();
    assert_eq!(render(&("flowchart TD\n".to_owned() + &edges)), Err(Error::TooLarge));
    let all = (0..40).map(|index| format!("n{index}")).collect::<Vec<_>>().join(" & ");
    assert_eq!(render(&format!("flowchart TD\n{all} --> {all}")), Err(Error::TooLarge));
    assert_eq!(render(&("flowchart TD\n".to_owned() + &"subgraph a\n".repeat(1_000))).map(drop), Ok(()));
    let deep: String = (0..30).map(|index| format!("subgraph g{index}\n")).collect();
    assert_eq!(render(&("flowchart TD\n".to_owned() + &deep + "x")), Err(Error::TooLarge));
    assert_eq!(render(&("pie\n".to_owned() + &"\"a\":1\n".repeat(100))), Err(Error::TooLarge));
    assert_eq!(render(&"x".repeat(20_001)), Err(Error::TooLarge));
    let long: String =
        (0..199).map(|index| format!("n{index} --> n{}\nn0 --> n{}\n", (index + 1) % 199, index)).collect();
    let start = std::time::Instant::now();
    let _ = render(&("flowchart TD\n".to_owned() + &long));
    assert!(start.elapsed().as_secs() < 10);
}

#[test]
fn vertices_do_not_overlap() {
    let source = "flowchart TD\n a --> b & c & d\n b --> e\n c --> e & f\n d --> f\n e --> a\n subgraph s\n e\n f\n end";
    let mut boxes = Vec::new();
    let mut current: Vec<(String, String)> = Vec::new();
    for step in drawn(source).steps {
        match step {
            Step::Open(_) => current.clear(),
            Step::Attribute(name, value) => current.push((name.to_owned(), value)),
            Step::Close if current.contains(&("class".into(), "node".into())) => {
                let number = |name: &str| {
                    current.iter().find(|pair| pair.0 == name).unwrap().1.parse::<f32>().unwrap()
                };
                boxes.push((number("x"), number("y"), number("width"), number("height")));
                current.clear();
            }
            _ => {}
        }
    }
    assert_eq!(boxes.len(), 6);
    for (index, a) in boxes.iter().enumerate() {
        for b in boxes.iter().skip(index + 1) {
            let apart = a.0 + a.2 <= b.0 || b.0 + b.2 <= a.0 || a.1 + a.3 <= b.1 || b.1 + b.3 <= a.1;
            assert!(apart, "{a:?} {b:?}");
        }
    }
}

const FRAGMENTS: &[&str] = &[
    "flowchart TD\n",
    "graph LR;",
    "sequenceDiagram\n",
    "stateDiagram-v2\n",
    "pie\n",
    "\n",
    "\n",
    "\n",
    "A",
    "B",
    "C",
    "D",
    "-->",
    "---",
    "-.->",
    "==>",
    "--",
    "|x|",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "((",
    "))",
    "\"",
    " & ",
    "subgraph s\n",
    "subgraph t\n",
    "subgraph A\n",
    "end\n",
    ";",
    " ",
    ": hi",
    "->>",
    "-->>",
    "+",
    "-",
    "Note over A,B: x\n",
    "loop y\n",
    "alt z\n",
    "else\n",
    "activate A\n",
    "deactivate A\n",
    "[*]",
    "state A {\n",
    "}\n",
    "\"a\" : 3\n",
    "direction RL\n",
    "é🐸",
    "<br>",
    "%%",
    ":::",
    "~~~",
    "o--o",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_diagram_is_built_of_allowed_parts_or_refused(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..60),
        kind in 0..5_usize,
    ) {
        let source = FRAGMENTS[kind].to_owned() + &fragments.concat();
        if let Ok(drawing) = render(&source) {
            check(&source, &drawing);
        }
    }

    #[test]
    fn any_graph_is_drawn(
        edges in prop::collection::vec((0..20_u8, 0..20_u8, any::<bool>()), 1..60),
        groups in prop::collection::vec((0..20_u8, 0..20_u8), 0..8),
        direction in prop::sample::select(&["TD", "LR", "BT", "RL"][..]),
    ) {
        let mut source = format!("flowchart {direction}\n");
        for (group, member) in groups {
            source += &format!("subgraph n{group}\n n{member}\nend\n");
        }
        for (from, to, label) in edges {
            source += &format!("n{from} {} n{to}\n", if label { "-->|label|" } else { "-->" });
        }
        check(&source, &render(&source).unwrap());
    }
}
