//! The tables.

mod c;
mod commands;
mod data;
mod markup;
mod scripts;
mod systems;

use crate::language::Language;

/// All that are known.
pub(crate) static LANGUAGES: &[&Language] = &[
    &scripts::JAVASCRIPT,
    &scripts::TYPESCRIPT,
    &scripts::PYTHON,
    &scripts::RUBY,
    &scripts::PHP,
    &scripts::LUA,
    &scripts::PERL,
    &scripts::R,
    &scripts::ELIXIR,
    &c::C,
    &c::CPP,
    &c::CSHARP,
    &c::JAVA,
    &c::KOTLIN,
    &c::SCALA,
    &c::DART,
    &systems::RUST,
    &systems::GO,
    &systems::SWIFT,
    &systems::ZIG,
    &data::SQL,
    &data::JSON,
    &data::YAML,
    &data::TOML,
    &data::INI,
    &data::HCL,
    &data::GRAPHQL,
    &data::PROTOBUF,
    &markup::HTML,
    &markup::XML,
    &markup::CSS,
    &markup::SCSS,
    &markup::MARKDOWN,
    &markup::DIFF,
    &commands::SHELL,
    &commands::SESSION,
    &commands::POWERSHELL,
    &commands::DOCKERFILE,
    &commands::MAKEFILE,
];

/// The language of a script in markup.
pub(crate) fn embedded_script() -> &'static Language {
    &scripts::JAVASCRIPT
}

/// The language of a style sheet in markup.
pub(crate) fn embedded_style() -> &'static Language {
    &markup::CSS
}
