use crate::language::{
    ANNOTATIONS, AT_VARIABLES, ATTRIBUTES, BASE, CALLS, CAPITALS, DOLLAR, DOLLAR_BRACE, DOLLARS, HASH_BRACE,
    HEREDOCS, JSX, LINES, Language, RAW, REGEX, SYMBOLS, quote,
};

const SCRIPT: Language = Language {
    keywords: "as async await break case catch class const continue debugger default delete do else export extends \
               finally for from function get if import in instanceof let new of return set static super switch throw \
               try typeof var void while with yield",
    constants: "true false null undefined NaN Infinity this",
    quotes: &[quote("\"", 0), quote("'", 0), quote("`", LINES | DOLLAR_BRACE)],
    traits: CALLS | CAPITALS | ANNOTATIONS | REGEX,
    ..BASE
};

pub(super) static JAVASCRIPT: Language =
    Language { name: "JavaScript", aliases: "js jsx mjs cjs node", traits: SCRIPT.traits | JSX, ..SCRIPT };

pub(super) static TYPESCRIPT: Language = Language {
    name: "TypeScript",
    aliases: "ts tsx mts cts",
    keywords: "abstract as asserts async await break case catch class const continue debugger declare default delete \
               do else enum export extends finally for from function get if implements import in infer instanceof \
               interface is keyof let namespace new of override private protected public readonly return satisfies \
               set static super switch throw try type typeof var void while with yield",
    types: "any bigint boolean never number object string symbol unknown",
    traits: SCRIPT.traits | JSX,
    ..SCRIPT
};

pub(super) static PYTHON: Language = Language {
    name: "Python",
    aliases: "py python3 py3 pyi ipython",
    keywords: "and as assert async await break case class continue def del elif else except finally for from global \
               if import in is lambda match nonlocal not or pass raise return try while with yield",
    types: "bool bytes dict float frozenset int list object set str tuple type",
    constants: "True False None self cls",
    line_comments: &["#"],
    block_comment: None,
    quotes: &[quote("\"\"\"", LINES), quote("'''", LINES), quote("\"", 0), quote("'", 0)],
    prefixes: "r b f u t rb br fr rf R B F U",
    traits: CALLS | CAPITALS | ANNOTATIONS,
    ..BASE
};

pub(super) static RUBY: Language = Language {
    name: "Ruby",
    aliases: "rb rake gemfile",
    keywords: "alias and begin break case class def defined? do else elsif end ensure extend for if in include loop \
               module next not or private protected public raise redo require require_relative rescue retry return \
               super then undef unless until when while yield",
    constants: "true false nil self",
    line_comments: &["#"],
    block_comment: Some(("=begin", "=end")),
    quotes: &[quote("\"", LINES | HASH_BRACE), quote("'", LINES), quote("`", LINES | HASH_BRACE)],
    traits: CALLS | CAPITALS | SYMBOLS | AT_VARIABLES | DOLLARS | REGEX | HEREDOCS,
    ..BASE
};

pub(super) static PHP: Language = Language {
    name: "PHP",
    aliases: "php5 php7 php8",
    keywords: "abstract and array as break callable case catch class clone const continue declare default do echo \
               else elseif empty enum extends final finally fn for foreach function global goto if implements include \
               include_once instanceof insteadof interface isset list match namespace new or print private protected \
               public readonly require require_once return static switch throw trait try unset use var while xor \
               yield php",
    types: "bool float int iterable mixed never object string void",
    constants: "true false null TRUE FALSE NULL self parent",
    line_comments: &["//", "# "],
    quotes: &[quote("\"", LINES | DOLLAR), quote("'", LINES)],
    traits: CALLS | CAPITALS | DOLLARS | ATTRIBUTES | HEREDOCS,
    ..BASE
};

pub(super) static LUA: Language = Language {
    name: "Lua",
    aliases: "luau",
    keywords: "and break do else elseif end for function goto if in local not or repeat return then until while",
    constants: "true false nil self",
    line_comments: &["--"],
    block_comment: Some(("--[[", "]]")),
    quotes: &[
        quote("\"", 0),
        quote("'", 0),
        crate::language::Quote { open: "[[", close: "]]", traits: LINES | RAW },
    ],
    traits: CALLS,
    ..BASE
};

pub(super) static PERL: Language = Language {
    name: "Perl",
    aliases: "pl pm",
    keywords: "and cmp die do else elsif eq for foreach ge gt if last le lt my ne next no not or our package print \
               redo require return say sub unless until use while xor",
    constants: "undef",
    line_comments: &["#"],
    block_comment: None,
    quotes: &[quote("\"", LINES | DOLLAR), quote("'", LINES), quote("`", LINES)],
    traits: CALLS | DOLLARS | AT_VARIABLES | REGEX | HEREDOCS,
    ..BASE
};

pub(super) static R: Language = Language {
    name: "R",
    aliases: "rscript rmd",
    keywords: "break else for function if in next repeat return while",
    constants: "TRUE FALSE NULL NA NaN Inf",
    line_comments: &["#"],
    block_comment: None,
    traits: CALLS,
    ..BASE
};

pub(super) static ELIXIR: Language = Language {
    name: "Elixir",
    aliases: "ex exs",
    keywords: "after alias and case catch cond def defimpl defmacro defmodule defp defprotocol defstruct do else end \
               fn for if import in not or quote raise receive require rescue try unless unquote use when with",
    constants: "true false nil",
    line_comments: &["#"],
    block_comment: None,
    quotes: &[quote("\"\"\"", LINES | HASH_BRACE), quote("\"", LINES | HASH_BRACE), quote("'", 0)],
    traits: CALLS | CAPITALS | SYMBOLS | ANNOTATIONS,
    ..BASE
};
