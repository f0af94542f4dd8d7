use crate::data;
use crate::language::{
    ANNOTATIONS, ANY_CASE, BASE, CALLS, CAPITALS, DOLLAR_BRACE, DOLLARS, DOUBLED, HEREDOCS, KEYS, LINES,
    Language, RAW, quote,
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

pub(super) static YAML: Language = Language {
    name: "YAML",
    aliases: "yml compose helm",
    token: data::yaml,
    quotes: &[quote("\"", LINES), quote("'", LINES | RAW | DOUBLED)],
    ..BASE
};

pub(super) static TOML: Language = Language {
    name: "TOML",
    aliases: "cargo",
    token: data::keys,
    constants: "true false nan inf",
    line_comments: &["#"],
    block_comment: None,
    quotes: &[quote("\"\"\"", LINES), quote("'''", LINES | RAW), quote("\"", 0), quote("'", RAW)],
    traits: 0,
    ..BASE
};

pub(super) static INI: Language = Language {
    name: "INI",
    aliases: "cfg conf dotenv env editorconfig properties systemd desktop",
    token: data::keys,
    constants: "true false yes no on off",
    line_comments: &["# ", "; "],
    block_comment: None,
    traits: ANY_CASE | DOLLARS,
    ..BASE
};

pub(super) static HCL: Language = Language {
    name: "HCL",
    aliases: "terraform tf tfvars",
    keywords: "data dynamic else endif for if in locals module moved output provider resource terraform variable",
    types: "any bool list map number object set string tuple",
    line_comments: &["#", "//"],
    quotes: &[quote("\"", DOLLAR_BRACE)],
    traits: CALLS | HEREDOCS,
    ..BASE
};

pub(super) static GRAPHQL: Language = Language {
    name: "GraphQL",
    aliases: "gql",
    keywords: "directive enum extend fragment implements input interface mutation on query repeatable scalar schema \
               subscription type union",
    line_comments: &["#"],
    block_comment: None,
    quotes: &[quote("\"\"\"", LINES), quote("\"", 0)],
    traits: CALLS | CAPITALS | ANNOTATIONS | DOLLARS,
    ..BASE
};

pub(super) static PROTOBUF: Language = Language {
    name: "Protocol Buffers",
    aliases: "proto protobuf",
    keywords: "enum extend extensions import map message oneof option optional package public repeated required \
               reserved returns rpc service stream syntax to",
    types: "bool bytes double fixed32 fixed64 float int32 int64 sfixed32 sfixed64 sint32 sint64 string uint32 uint64",
    ..BASE
};
