use crate::language::{
    ANNOTATIONS, ATTRIBUTES, BACKSLASH_PAREN, BASE, CALLED_CAPITALS, CALLS, CAPITALS, LIFETIMES, LINES,
    Language, MACROS, NESTED, RAW, quote,
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
    traits: CALLS | CALLED_CAPITALS,
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

pub(super) static ZIG: Language = Language {
    name: "Zig",
    aliases: "zon",
    keywords: "align allowzero and anyframe asm async await break callconv catch comptime const continue defer else \
               enum errdefer error export extern fn for if inline noalias noinline nosuspend opaque or orelse packed \
               pub resume return struct suspend switch test threadlocal try union unreachable usingnamespace var \
               volatile while",
    types: "anyerror anytype bool c_int comptime_float comptime_int f16 f32 f64 i16 i32 i64 i8 isize noreturn type \
            u16 u32 u64 u8 usize void",
    constants: "true false null undefined",
    block_comment: None,
    traits: CALLS | CAPITALS | ANNOTATIONS,
    ..BASE
};
