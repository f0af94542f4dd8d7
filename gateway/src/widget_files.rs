//! The built widget's files, read once at the start. Under the folder named by their content they never change; the
//! entry `triptych.js` is tiny and points there.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The module that a script tag names.
const ENTRY: &str = "triptych.js";
/// Smaller files gain nothing from compression.
const WORTH_COMPRESSING: usize = 256;
/// Unoptimised, the compressor is too slow for its better levels.
const BROTLI_QUALITY: i32 = if cfg!(debug_assertions) { 2 } else { 9 };
const GZIP_LEVEL: u32 = if cfg!(debug_assertions) { 1 } else { 6 };

/// The files by their path.
#[derive(Default)]
pub(crate) struct WidgetFiles {
    build: String,
    files: BTreeMap<String, Arc<File>>,
    entry: Option<Arc<File>>,
}

struct File {
    content_type: &'static str,
    hash: String,
    plain: Bytes,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

impl WidgetFiles {
    /// Reads the folder; nothing is served where there is none. Compression goes on in the background, until it is
    /// done the files are sent as they are.
    pub(crate) fn load(folder: Option<&Path>) -> Result<WidgetFiles, String> {
        let Some(folder) = folder else { return Ok(WidgetFiles::default()) };
        let mut contents = BTreeMap::new();
        read_folder(folder, "", &mut contents)
            .map_err(|error| format!("widget: {}: {error}", folder.display()))?;
        if !contents.contains_key(ENTRY) {
            return Err(format!("widget: {}: there is no {ENTRY}; build the widget first", folder.display()));
        }
        let mut whole = Sha256::new();
        for (path, content) in &contents {
            whole.update((path.len() as u64).to_be_bytes());
            whole.update(path.as_bytes());
            whole.update((content.len() as u64).to_be_bytes());
            whole.update(content);
        }
        let build = hex(&whole.finalize())[..16].to_owned();
        let entry = format!("import \"./{build}/{ENTRY}\";\nexport * from \"./{build}/{ENTRY}\";\n");
        let files: BTreeMap<String, Arc<File>> = contents
            .into_iter()
            .map(|(path, content)| (path.clone(), Arc::new(File::new(&path, content))))
            .collect();
        let waiting: Vec<Arc<File>> = files.values().cloned().collect();
        std::thread::spawn(move || waiting.iter().for_each(|file| file.compress()));
        let entry = Some(Arc::new(File::new(ENTRY, entry.into_bytes())));
        Ok(WidgetFiles { build, files, entry })
    }

    /// The answer to `GET /widget/{path}`; `None` where there is no such file.
    pub(crate) fn answer(&self, path: &str, request: &HeaderMap) -> Option<Response> {
        let in_build = path.strip_prefix(self.build.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let (file, immutable) = match in_build {
            Some(rest) if !self.build.is_empty() => (self.files.get(rest)?, true),
            _ if path == ENTRY => (self.entry.as_ref()?, false),
            _ => (self.files.get(path)?, false),
        };
        Some(file.answer(request, immutable))
    }
}

impl File {
    fn new(path: &str, content: Vec<u8>) -> Self {
        File {
            content_type: content_type(path),
            hash: hex(&Sha256::digest(&content))[..16].to_owned(),
            plain: content.into(),
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    fn compress(&self) {
        if self.plain.len() < WORTH_COMPRESSING || self.content_type.starts_with("image/png") {
            return;
        }
        let mut out = Vec::new();
        let params =
            brotli::enc::BrotliEncoderParams { quality: BROTLI_QUALITY, lgwin: 22, ..Default::default() };
        if brotli::BrotliCompress(&mut self.plain.as_ref(), &mut out, &params).is_ok() {
            self.brotli.set(out.into()).ok();
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
        if gzip.write_all(&self.plain).is_ok()
            && let Ok(out) = gzip.finish()
        {
            self.gzip.set(out.into()).ok();
        }
    }

    fn answer(&self, request: &HeaderMap, immutable: bool) -> Response {
        let accepts = |name: &str| accepts(request, name);
        let (encoding, content) = match (self.brotli.get(), self.gzip.get()) {
            (Some(brotli), _) if accepts("br") => (Some("br"), brotli),
            (_, Some(gzip)) if accepts("gzip") => (Some("gzip"), gzip),
            _ => (None, &self.plain),
        };
        let etag = match encoding {
            Some(encoding) => format!("\"{}-{encoding}\"", self.hash),
            None => format!("\"{}\"", self.hash),
        };
        let known = matches(request, &self.hash);
        let mut response = Response::new(if known { Body::empty() } else { Body::from(content.clone()) });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        let cache = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(ETAG, etag);
        }
        // Pages that isolate themselves may load it all the same.
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
        headers
            .insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
        if !known {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            if let Some(encoding) = encoding {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        response
    }
}

/// The media type of a file, by its name.
pub(crate) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "mp4" => "video/mp4",
        "woff2" => "font/woff2",
        "ts" | "txt" | "md" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// True where the browser has the file of that hash already, in whatever encoding.
pub(crate) fn matches(request: &HeaderMap, hash: &str) -> bool {
    let given = request.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(',').any(|tag| {
        let tag = tag.trim().trim_start_matches("W/").trim_matches('"');
        tag.split('-').next() == Some(hash)
    })
}

fn accepts(request: &HeaderMap, encoding: &str) -> bool {
    let given = request.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(',').any(|part| {
        let mut pieces = part.split(';').map(str::trim);
        let refused = |piece: &str| {
            piece
                .strip_prefix("q=")
                .is_some_and(|quality| quality.parse::<f32>().is_ok_and(|quality| quality == 0.0))
        };
        pieces.next() == Some(encoding) && !pieces.any(refused)
    })
}

fn read_folder(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    for item in std::fs::read_dir(folder)? {
        let item = item?;
        let name = item.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if item.file_type()?.is_dir() {
            read_folder(&item.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path, std::fs::read(item.path())?);
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
