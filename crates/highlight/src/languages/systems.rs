use crate::language::{
    ANNOTATIONS, ANY_CASE, ATTRIBUTES, BACKSLASH_PAREN, BASE, CALLS, CAPITALS, DOUBLED, KEYS, LIFETIMES,
    LINES, Language, MACROS, NESTED, RAW, quote,
};

pub(super) static RUST: Language = Language {
    name: "Rust",
    aliases: "rs",
    keywords: "as async await break const continue crate dyn else enum extern fn for if impl in let loop macro_rules \
               match mod move mut pub ref return static struct super trait type union unsafe use where while yield",
    types: "bool char f32 f64 i128 i16 i32 i64 i8 isize str u128 u16 u32 u64 u8 usize",
    constants: "true false self",
    quotes: &[quote("\"", LINES)],
    prefixes: "r b br c cr",
    traits: CALLS | CAPITALS | ATTRIBUTES | LIFETIMES | NESTED | MACROS,
    ..BASE
};

pub(super) static GO: Language = Language {
    name: "Go",
    aliases: "golang",
    keywords: "break case chan const continue default defer else fallthrough for func go goto if import interface \
               map package range return select struct switch type var",
    types: "any bool byte comparable complex128 complex64 error float32 float64 int int16 int32 int64 int8 rune \
            string uint uint16 uint32 uint64 uint8 uintptr",
    constants: "true false nil iota",
    quotes: &[quote("\"", 0), quote("`", LINES | RAW), quote("'", 0)],
    traits: CALLS,
    ..BASE
};

pub(super) static SWIFT: Language = Language {
    name: "Swift",
    aliases: "swiftui",
    keywords: "actor any as associatedtype async await borrowing break case catch class consuming continue convenience \
               default defer deinit do dynamic else enum extension fallthrough fileprivate final for func get guard if \
               import in indirect infix init inout internal is isolated lazy let mutating nonisolated open operator \
               optional override postfix precedencegroup prefix private protocol public repeat required rethrows \
               return set some static struct subscript super switch throw throws try typealias unowned var weak where \
               while",
    constants: "true false nil self",
    quotes: &[quote("\"\"\"", LINES | BACKSLASH_PAREN), quote("\"", BACKSLASH_PAREN)],
    traits: CALLS | CAPITALS | ANNOTATIONS | NESTED,
    ..BASE
};

pub(super) static SQL: Language = Language {
    name: "SQL",
    aliases: "mysql pgsql plpgsql plsql postgres postgresql sqlite sqlite3 tsql",
    keywords: "add all alter analyze and any as asc begin between by cascade case check column commit conflict \
               constraint create cross database default delete desc distinct do drop each else end except execute \
               exists explain fetch filter first for foreign from full function grant group having if ilike in index \
               inner insert intersect into is join key language last lateral left like limit materialized natural not \
               nothing nulls of offset on or order outer over partition primary procedure recursive references \
               replace returning returns revoke right rollback row rows schema select set table temporary then to \
               transaction trigger truncate union unique update using values view when where window with",
    types: "bigint blob bool boolean bytea char date datetime decimal double float int integer interval json jsonb \
            numeric precision real serial smallint text time timestamp timestamptz tinyint uuid varchar",
    constants: "true false null current_timestamp current_date",
    line_comments: &["--", "# "],
    quotes: &[quote("'", LINES | DOUBLED | RAW), quote("\"", DOUBLED | RAW), quote("`", RAW)],
    traits: CALLS | ANY_CASE,
    ..BASE
};

pub(super) static JSON: Language =
    Language { name: "JSON", aliases: "json5 jsonc jsonl ndjson geojson webmanifest", traits: KEYS, ..BASE };
