//! How the widget reads and writes what goes over the wire. The gateway uses serde for the same types; the tests hold
//! each message to be the same in both.

use crate::json::{Json, Writer};

/// What can be read from JSON.
pub trait Read: Sized {
    /// `None` where the value has another shape.
    fn read(json: &Json) -> Option<Self>;

    /// What a field that is not there stands for.
    fn missing() -> Option<Self> {
        None
    }
}

/// What can be written as JSON.
pub trait Write {
    /// As one value.
    fn write(&self, out: &mut Writer);

    /// True where the field is better left out.
    fn is_missing(&self) -> bool {
        false
    }
}

/// Reads a text.
pub fn from_json<T: Read>(text: &str) -> Option<T> {
    T::read(&Json::parse(text)?)
}

/// Writes a text.
pub fn to_json(value: &impl Write) -> String {
    let mut out = Writer::default();
    value.write(&mut out);
    out.into_text()
}

/// A field that has to be there, unless its type knows what stands for it.
pub fn field<T: Read>(json: &Json, name: &str) -> Option<T> {
    match json.get(name) {
        Some(value) => T::read(value),
        None => T::missing(),
    }
}

/// A field whose usual value stands for its absence, and for `null`.
pub fn usual<T: Read + Default>(json: &Json, name: &str) -> Option<T> {
    match json.get(name) {
        Some(Json::Null) | None => Some(T::default()),
        Some(value) => T::read(value),
    }
}

/// Writes a field, unless it is better left out.
pub fn write_field(out: &mut Writer, name: &str, value: &impl Write) {
    if !value.is_missing() {
        out.key(name);
        value.write(out);
    }
}

/// A struct as an object. Fields after the semicolon have a usual value; `as` gives the name on the wire where that is
/// a word of Rust's.
#[macro_export]
macro_rules! record {
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (read $type:ident { $($field:ident $(as $name:literal)?),* $(; $($other:ident),*)? }) => {
        impl $crate::wire::Read for $type {
            fn read(json: &$crate::json::Json) -> Option<Self> {
                Some($type {
                    $($field: $crate::wire::field(json, $crate::record!(@name $field $($name)?))?,)*
                    $($($other: $crate::wire::usual(json, stringify!($other))?,)*)?
                })
            }
        }
    };
    (write $type:ident { $($field:ident $(as $name:literal)?),* $(; $($other:ident),*)? }) => {
        impl $crate::wire::Write for $type {
            fn write(&self, out: &mut $crate::json::Writer) {
                out.begin('{');
                $($crate::wire::write_field(out, $crate::record!(@name $field $($name)?), &self.$field);)*
                $($($crate::wire::write_field(out, stringify!($other), &self.$other);)*)?
                out.end('}');
            }
        }
    };
    ($type:ident $fields:tt) => {
        $crate::record!(read $type $fields);
        $crate::record!(write $type $fields);
    };
}

/// An enum as a word. With `else`, any other word is that variant.
#[macro_export]
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* } $(else $other:ident)?) => {
        impl $crate::wire::Read for $type {
            fn read(json: &$crate::json::Json) -> Option<Self> {
                match json.text()? {
                    $($word => Some($type::$variant),)*
                    _ => $crate::words!(@other $type $($other)?),
                }
            }
        }

        impl $crate::wire::Write for $type {
            fn write(&self, out: &mut $crate::json::Writer) {
                out.string(match self {
                    $($type::$variant => $word,)*
                    $($type::$other => "other",)?
                });
            }
        }
    };
    (@other $type:ident) => { None };
    (@other $type:ident $other:ident) => { Some($type::$other) };
}

/// An enum as an object that says in one of its fields which variant it is.
#[macro_export]
macro_rules! tagged {
    (read $type:ident by $tag:literal { $($variant:ident = $word:literal { $($field:ident),* }),* $(,)? }) => {
        impl $crate::wire::Read for $type {
            fn read(json: &$crate::json::Json) -> Option<Self> {
                match json.get($tag)?.text()? {
                    $($word => Some($type::$variant {
                        $($field: $crate::wire::field(json, stringify!($field))?),*
                    }),)*
                    _ => None,
                }
            }
        }
    };
    ($type:ident by $tag:literal { $($variant:ident = $word:literal { $($field:ident),* }),* $(,)? }) => {
        $crate::tagged!(read $type by $tag { $($variant = $word { $($field),* }),* });

        impl $crate::wire::Write for $type {
            fn write(&self, out: &mut $crate::json::Writer) {
                out.begin('{');
                out.key($tag);
                match self {
                    $($type::$variant { $($field),* } => {
                        out.string($word);
                        $($crate::wire::write_field(out, stringify!($field), $field);)*
                    })*
                }
                out.end('}');
            }
        }
    };
}

impl Read for String {
    fn read(json: &Json) -> Option<Self> {
        json.text().map(String::from)
    }
}

impl Write for String {
    fn write(&self, out: &mut Writer) {
        out.string(self);
    }
}

impl Read for bool {
    fn read(json: &Json) -> Option<Self> {
        match json {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

impl Write for bool {
    fn write(&self, out: &mut Writer) {
        out.raw(if *self { "true" } else { "false" });
    }
}

macro_rules! numbers {
    ($($type:ident)*) => { $(
        impl Read for $type {
            fn read(json: &Json) -> Option<Self> {
                match json {
                    Json::Number(number) => Self::try_from(*number).ok(),
                    _ => None,
                }
            }
        }

        impl Write for $type {
            fn write(&self, out: &mut Writer) {
                out.raw(&self.to_string());
            }
        }
    )* };
}
numbers!(u8 u32 u64 i64);

impl<T: Read> Read for Option<T> {
    fn read(json: &Json) -> Option<Self> {
        match json {
            Json::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }

    fn missing() -> Option<Self> {
        Some(None)
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, out: &mut Writer) {
        match self {
            Some(value) => value.write(out),
            None => out.raw("null"),
        }
    }

    fn is_missing(&self) -> bool {
        self.is_none()
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(json: &Json) -> Option<Self> {
        match json {
            Json::List(values) => values.iter().map(T::read).collect(),
            _ => None,
        }
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, out: &mut Writer) {
        out.begin('[');
        for value in self {
            out.next();
            value.write(out);
        }
        out.end(']');
    }
}

impl<T: Read> Read for Box<T> {
    fn read(json: &Json) -> Option<Self> {
        T::read(json).map(Box::new)
    }
}

impl<T: Write> Write for Box<T> {
    fn write(&self, out: &mut Writer) {
        (**self).write(out);
    }
}
