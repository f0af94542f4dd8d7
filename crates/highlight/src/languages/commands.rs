use crate::language::{
    ANY_CASE, BASE, CALLS, DOLLAR, DOLLAR_PAREN, DOLLARS, HYPHENS, LINES, Language, RAW, quote,
};
use crate::shell;

pub(super) static SHELL: Language = Language {
    name: "Shell",
    aliases: "sh bash zsh ksh dash fish shellscript",
    token: shell::token,
    keywords: "case do done elif else esac export fi for function if in local readonly return select source then time \
               until while",
    quotes: &[
        quote("\"", LINES | DOLLAR | DOLLAR_PAREN),
        quote("'", LINES | RAW),
        quote("`", LINES | DOLLAR),
    ],
    block_comment: None,
    ..BASE
};

pub(super) static SESSION: Language = Language {
    name: "Console",
    aliases: "shell-session shellsession sh-session terminal bash-session",
    token: shell::session,
    ..SHELL
};

pub(super) static POWERSHELL: Language = Language {
    name: "PowerShell",
    aliases: "ps ps1 pwsh psm1 batch bat cmd",
    keywords: "begin break catch class continue data do dynamicparam else elseif end enum exit filter finally for \
               foreach function if in param process return switch throw trap try until using while",
    line_comments: &["#", "::"],
    block_comment: Some(("<#", "#>")),
    quotes: &[quote("\"", LINES | DOLLAR | DOLLAR_PAREN | RAW), quote("'", LINES | RAW)],
    traits: CALLS | DOLLARS | ANY_CASE | HYPHENS,
    ..BASE
};

pub(super) static DOCKERFILE: Language = Language {
    name: "Dockerfile",
    aliases: "docker containerfile",
    token: shell::dockerfile,
    types: "add arg cmd copy entrypoint env expose from healthcheck label maintainer onbuild run shell stopsignal user \
            volume workdir",
    ..SHELL
};

pub(super) static MAKEFILE: Language = Language {
    name: "Makefile",
    aliases: "make mk just justfile",
    token: shell::makefile,
    keywords: "define else endef endif export ifdef ifeq ifndef ifneq include override unexport",
    ..SHELL
};
