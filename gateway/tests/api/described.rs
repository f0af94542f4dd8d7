//! Holds answers against the gateway's own description of them, in whatever test they come.

use std::collections::BTreeSet;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use reqwest::Client;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::app::ADMIN_SECRET;

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// What a document says of one answer.
struct Answer {
    /// The path with its parameters in braces.
    path: String,
    status: String,
    /// The type of its body.
    kind: String,
    schema: Option<SchemaIndex>,
}

/// All answers of one or several documents.
#[derive(Default)]
pub(crate) struct Description {
    schemas: Schemas,
    answers: Vec<Answer>,
}

impl Description {
    pub(crate) fn add(&mut self, document: &Value) {
        let url = format!("http://gateway.example/{}.json", self.answers.len());
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.add_resource(&url, document.clone()).unwrap();
        for operation in operations(document) {
            for (status, response) in operation.object["responses"].as_object().unwrap() {
                let at = match response["$ref"].as_str() {
                    Some(other) => other.trim_start_matches('#').to_owned(),
                    None => format!("{}/responses/{status}", operation.pointer),
                };
                let response = document.pointer(&at).unwrap_or_else(|| panic!("there is no {at}"));
                let mut answer = |kind: &str, schema| {
                    let (path, kind) = (operation.path.clone(), kind.to_owned());
                    self.answers.push(Answer { path, status: status.clone(), kind, schema });
                };
                let Some(content) = response["content"].as_object() else {
                    answer("", None);
                    continue;
                };
                for kind in content.keys() {
                    let at = format!("{at}/content/{}/schema", escaped(kind));
                    let at = at.replace('{', "%7B").replace('}', "%7D");
                    let schema = compiler.compile(&format!("{url}#{at}"), &mut self.schemas);
                    answer(kind, Some(schema.unwrap_or_else(|error| panic!("{at}: {error}"))));
                }
            }
        }
    }

    /// Fails where the answer is another one than was described. Which method was called nobody knows here, so each
    /// one of the path will do.
    pub(crate) fn check(&self, path: &str, status: u16, kind: &str, body: &Value) {
        let of_path: Vec<&Answer> = self.answers.iter().filter(|one| fits(&one.path, path)).collect();
        let status = status.to_string();
        let message = body["error"]["message"].as_str().unwrap_or_default();
        if status == "405" || message.starts_with("There is no such call") {
            return;
        }
        if of_path.is_empty() {
            // A file of the demo's pages that is not there.
            assert_eq!(status, "404", "{path} is not described");
            return;
        }
        let of_status: Vec<_> = of_path.iter().filter(|one| one.status == status).collect();
        assert!(!of_status.is_empty(), "{path} does not say that it answers {status}: {body}");
        let of_kind: Vec<_> = of_status.iter().filter(|one| one.kind == kind).collect();
        assert!(!of_kind.is_empty(), "{path} does not say that {status} is {kind}: {body}");
        let problems = of_kind.iter().filter_map(|one| self.schemas.validate(body, one.schema?).err());
        let problems: Vec<String> = problems.map(|problem| format!("{problem:#}")).collect();
        assert!(problems.len() < of_kind.len(), "{path} {status}: {body:#}\n{}", problems.join("\n"));
    }
}

/// One call of a document.
pub(crate) struct Operation<'a> {
    pub(crate) path: String,
    pub(crate) method: &'static str,
    pub(crate) object: &'a Value,
    /// Where in the document it is.
    pointer: String,
}

/// All calls of a document.
pub(crate) fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            if let Some(object) = item.get(method) {
                let pointer = format!("/paths/{}/{method}", escaped(path));
                all.push(Operation { path: path.clone(), method, object, pointer });
            }
        }
    }
    all
}

/// The paths that a router has. It says them where it is printed, and nowhere else.
pub(crate) fn mounted(router: &axum::Router) -> BTreeSet<String> {
    let text = format!("{router:?}");
    let paths = text.split_once("paths: {").expect("a router prints its paths").1;
    let paths = paths.split_once("} }").unwrap().0;
    let quoted = paths.split('"').skip(1).step_by(2);
    quoted.map(|path| path.replace("{*", "{")).filter(|path| !path.contains("__private")).collect()
}

/// A path with something in the place of its parameters.
pub(crate) fn filled(path: &str, id: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Holds an answer against the documents of the gateway that gave it, where it has both.
pub(crate) async fn check(url: &str, status: u16, kind: &str, body: &Value) {
    static ALL: OnceCell<Description> = OnceCell::const_new();
    let start = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    let (base, path) = url.split_at(start);
    let path = path.split('?').next().unwrap();
    if path.starts_with("/demo/") {
        return;
    }
    let both = ALL.get_or_try_init(|| async {
        let mut description = Description::default();
        for path in ["/openapi.json", "/admin/openapi.json"] {
            let request = Client::new().get(format!("{base}{path}")).bearer_auth(ADMIN_SECRET);
            let answer = request.send().await.map_err(drop)?.error_for_status().map_err(drop)?;
            description.add(&serde_json::from_str(&answer.text().await.map_err(drop)?).unwrap());
        }
        Ok::<_, ()>(description)
    });
    if let Ok(description) = both.await {
        description.check(path, status, kind, body);
    }
}

/// True where the path is one of the template's. The last parameter may hold slashes where it ends the template.
fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/').peekable(), path.split('/'));
    while let Some(part) = wanted.next() {
        let Some(found) = given.next() else { return false };
        let is_parameter = part.starts_with('{');
        if is_parameter && wanted.peek().is_none() && matches!(part, "{path}" | "{subject}") {
            return true;
        }
        if if is_parameter { found.is_empty() } else { part != found } {
            return false;
        }
    }
    given.next().is_none()
}

fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}
