//! The tables.

mod c;
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
    &systems::SQL,
    &systems::JSON,
];
