/// What a part of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Nothing in particular.
    Plain,
    /// A comment.
    Comment,
    /// A word of the language.
    Keyword,
    /// A string, also a regular expression.
    String,
    /// An escape or a placeholder in a string.
    Escape,
    /// A number or a constant.
    Number,
    /// The name of a function where it is called or made.
    Function,
    /// The name of a type.
    Type,
    /// The name of a field, a key or an attribute.
    Property,
    /// The name of an element or a selector.
    Tag,
    /// The name of a variable where the language marks it.
    Variable,
    /// A directive, an annotation, a label.
    Meta,
    /// A heading.
    Heading,
    /// An added line.
    Inserted,
    /// A removed line.
    Deleted,
}
