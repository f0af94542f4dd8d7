use crate::language::{
    ANNOTATIONS, BASE, BRACE, CALLED_CAPITALS, CALLS, CAPITALS, DOLLAR, DOLLAR_BRACE, DOUBLED, LINES,
    Language, NESTED, PREPROCESSOR, Quote, RAW, quote,
};

const TRAITS: u32 = CALLS | CAPITALS | ANNOTATIONS;

pub(super) static C: Language = Language {
    name: "C",
    aliases: "h objective-c objc objectivec",
    keywords: "asm auto break case const constexpr continue default do else enum extern for goto if inline register \
               restrict return signed sizeof static struct switch typedef typeof union unsigned volatile while",
    types: "bool char double float int int16_t int32_t int64_t int8_t long ptrdiff_t short size_t ssize_t uint16_t \
            uint32_t uint64_t uint8_t uintptr_t va_list void wchar_t FILE",
    constants: "true false NULL nullptr",
    prefixes: "L u U u8",
    traits: CALLS | CALLED_CAPITALS | CAPITALS | PREPROCESSOR,
    ..BASE
};

pub(super) static CPP: Language = Language {
    name: "C++",
    aliases: "cpp cc cxx hpp hh arduino cuda",
    keywords: "alignas alignof asm auto break case catch class co_await co_return co_yield concept const const_cast \
               consteval constexpr constinit continue decltype default delete do dynamic_cast else enum explicit \
               export extern final for friend goto if import inline module mutable namespace new noexcept operator \
               override private protected public register reinterpret_cast requires return sizeof static \
               static_assert static_cast struct switch template thread_local throw try typedef typeid typename union \
               using virtual volatile while",
    types: "bool char char16_t char32_t char8_t double float int int16_t int32_t int64_t int8_t long map optional \
            pair set short signed size_t string string_view tuple uint16_t uint32_t uint64_t uint8_t unique_ptr \
            unordered_map unsigned vector void wchar_t",
    constants: "true false NULL nullptr this",
    quotes: &[Quote { open: "R\"(", close: ")\"", traits: LINES | RAW }, quote("\"", 0), quote("'", 0)],
    prefixes: "L u U u8",
    traits: CALLS | CAPITALS | PREPROCESSOR,
    ..BASE
};

pub(super) static CSHARP: Language = Language {
    name: "C#",
    aliases: "cs csharp dotnet",
    keywords: "abstract and as async await base break case catch checked class const continue default delegate do \
               else enum event explicit extern finally fixed for foreach get goto if implicit in init interface \
               internal is lock namespace new not operator or out override params partial private protected public \
               readonly record ref required return sealed set sizeof stackalloc static struct switch throw try \
               typeof unchecked unsafe using var virtual volatile when where while with yield",
    types: "bool byte char decimal double dynamic float int long nint object sbyte short string uint ulong ushort \
            void",
    constants: "true false null this value",
    quotes: &[
        quote("\"\"\"", LINES | RAW),
        Quote { open: "$\"", close: "\"", traits: BRACE },
        Quote { open: "@\"", close: "\"", traits: LINES | RAW | DOUBLED },
        Quote { open: "$@\"", close: "\"", traits: LINES | RAW | DOUBLED | BRACE },
        quote("\"", 0),
        quote("'", 0),
    ],
    traits: CALLS | CALLED_CAPITALS | CAPITALS | PREPROCESSOR,
    ..BASE
};

pub(super) static JAVA: Language = Language {
    name: "Java",
    aliases: "jsp groovy gradle",
    keywords: "abstract assert break case catch class continue def default do else enum extends final finally for \
               goto if implements import instanceof interface native new non-sealed package permits private \
               protected public record return sealed static strictfp super switch synchronized throw throws \
               transient try var volatile when while yield",
    types: "boolean byte char double float int long short void",
    constants: "true false null this",
    quotes: &[quote("\"\"\"", LINES), quote("\"", 0), quote("'", 0)],
    traits: TRAITS,
    ..BASE
};

pub(super) static KOTLIN: Language = Language {
    name: "Kotlin",
    aliases: "kt kts",
    keywords: "abstract actual annotation as break by catch class companion const constructor continue crossinline \
               data delegate do else enum expect external final finally for fun get if import in infix init inline \
               inner interface internal is lateinit noinline object open operator out override package private \
               protected public reified return sealed set super suspend tailrec throw try typealias val value var \
               vararg when where while",
    constants: "true false null this it",
    quotes: &[
        quote("\"\"\"", LINES | RAW | DOLLAR_BRACE | DOLLAR),
        quote("\"", DOLLAR_BRACE | DOLLAR),
        quote("'", 0),
    ],
    traits: TRAITS | NESTED,
    ..BASE
};

pub(super) static SCALA: Language = Language {
    name: "Scala",
    aliases: "sc sbt",
    keywords: "abstract case catch class def derives do else end enum export extends extension final finally for \
               given if implicit import inline lazy match new object open opaque override package private protected \
               return sealed super then throw trait transparent try type using val var while with yield",
    constants: "true false null this",
    quotes: &[
        quote("\"\"\"", LINES | DOLLAR_BRACE | DOLLAR),
        quote("\"", DOLLAR_BRACE | DOLLAR),
        quote("'", 0),
    ],
    prefixes: "s f raw",
    traits: TRAITS | NESTED,
    ..BASE
};

pub(super) static DART: Language = Language {
    name: "Dart",
    aliases: "flutter",
    keywords: "abstract as assert async await base break case catch class const continue covariant default deferred \
               do else enum export extends extension external factory final finally for get hide if implements \
               import in interface is late library mixin new of on operator part required rethrow return sealed set \
               show static super switch sync throw try typedef var when while with yield",
    types: "bool double dynamic int num void",
    constants: "true false null this",
    quotes: &[
        quote("\"\"\"", LINES | DOLLAR_BRACE | DOLLAR),
        quote("'''", LINES | DOLLAR_BRACE | DOLLAR),
        quote("\"", DOLLAR_BRACE | DOLLAR),
        quote("'", DOLLAR_BRACE | DOLLAR),
    ],
    prefixes: "r",
    traits: TRAITS | NESTED,
    ..BASE
};
