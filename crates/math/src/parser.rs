//! Rows of atoms with their scripts.

use crate::{
    Error,
    font::Font,
    node::{Node, Role},
    symbol,
    token::{Token, Tokens, is_letter},
};

/// How deep groups nest at most.
const MAX_DEPTH: usize = 60;

pub(crate) struct Parser<'a> {
    pub(crate) tokens: Tokens<'a>,
    pub(crate) font: Font,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self { tokens: Tokens::new(source), font: Font::Default, depth: 0 }
    }

    /// A parser for a part of the source.
    pub(crate) fn inner<'b>(&self, source: &'b str) -> Parser<'b> {
        Parser { tokens: Tokens::new(source), font: self.font, depth: self.depth + 1 }
    }

    /// The whole source.
    pub(crate) fn all(&mut self) -> Result<Vec<Node>, Error> {
        let nodes = self.lines()?;
        match self.tokens.next() {
            Token::End => Ok(nodes),
            other => Err(unexpected(other)),
        }
    }

    /// Rows between line ends: one is itself, more of them are lines of a table.
    fn lines(&mut self) -> Result<Vec<Node>, Error> {
        let first = self.row()?;
        if !matches!(self.tokens.peek(), Token::Command("\\" | "cr" | "newline") | Token::Char('&')) {
            return Ok(first);
        }
        self.table_from(first, None).map(|table| vec![table])
    }

    /// Does `with` one level deeper.
    pub(crate) fn deeper<T>(&mut self, with: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::TooLarge);
        }
        self.depth += 1;
        let font = self.font;
        let done = with(self);
        self.font = font;
        self.depth -= 1;
        done
    }

    /// Atoms up to what ends a row, which is left for who wanted the row.
    pub(crate) fn row(&mut self) -> Result<Vec<Node>, Error> {
        self.deeper(Self::atoms)
    }

    fn atoms(&mut self) -> Result<Vec<Node>, Error> {
        let mut nodes: Vec<Node> = Vec::new();
        loop {
            match self.tokens.peek() {
                Token::End
                | Token::Char('}' | '&')
                | Token::Command("\\" | "cr" | "newline" | "right" | "end") => return Ok(nodes),
                Token::Command(name @ ("over" | "choose" | "atop")) => {
                    self.tokens.next();
                    let below = self.row()?;
                    let mut fraction = Node::new("mfrac", vec![Node::row(nodes), Node::row(below)]);
                    if name != "over" {
                        fraction = fraction.with("linethickness", "0");
                    }
                    return Ok(if name == "choose" {
                        fenced("(", vec![fraction], ")")
                    } else {
                        vec![fraction]
                    });
                }
                Token::Command(name) if style(name).is_some() => {
                    self.tokens.next();
                    let [display, level] = style(name).unwrap_or_default();
                    let rest = self.row()?;
                    nodes.push(
                        Node::new("mstyle", rest).with("displaystyle", display).with("scriptlevel", level),
                    );
                    return Ok(nodes);
                }
                // Old commands for a font count up to the end of the group.
                Token::Command(name @ ("rm" | "bf" | "it" | "cal" | "sf" | "tt" | "frak")) => {
                    self.tokens.next();
                    self.font = Font::of_command(name).unwrap_or(self.font);
                }
                _ => {
                    let node = self.item()?;
                    self.push(&mut nodes, node);
                }
            }
        }
    }

    fn push(&mut self, nodes: &mut Vec<Node>, node: Option<Node>) {
        let Some(node) = node else { return };
        if let Some(last) = nodes.last_mut()
            && last.role == Role::Word
            && node.role == Role::Word
        {
            last.text.push_str(&node.text);
            last.attributes.clear();
            return;
        }
        let function = node.role == Role::Function;
        nodes.push(node);
        if function && self.has_argument() {
            nodes.push(Node::space("0.1667em"));
        }
    }

    /// Whether what follows is set apart from the name of a function.
    fn has_argument(&self) -> bool {
        match self.tokens.peek() {
            Token::Char(next) => next.is_ascii_digit() || is_letter(next) || next == '{',
            Token::Command(name) => {
                let known = |table| symbol::find(table, name).is_some();
                known(symbol::LETTERS)
                    || known(symbol::UPRIGHT)
                    || known(symbol::FUNCTIONS)
                    || Font::of_command(name).is_some()
                    || matches!(name, "frac" | "dfrac" | "tfrac" | "sqrt" | "vec" | "hat")
            }
            Token::End => false,
        }
    }

    /// An atom with its scripts. There may be none, for instance of a label.
    fn item(&mut self) -> Result<Option<Node>, Error> {
        let base = match self.tokens.peek() {
            Token::Char('_' | '^' | '\'') => Node::row(Vec::new()),
            _ => match self.atom(false)? {
                Some(base) => base,
                None => return Ok(None),
            },
        };
        self.scripts(base).map(Some)
    }

    fn scripts(&mut self, mut base: Node) -> Result<Node, Error> {
        let (mut sub, mut sup, mut primes) = (None, None, 0);
        loop {
            let token = self.tokens.peek();
            match token {
                Token::Char('_') if sub.is_none() => {
                    self.tokens.next();
                    sub = Some(self.argument()?);
                }
                Token::Char('^') if sup.is_none() => {
                    self.tokens.next();
                    sup = Some(self.argument()?);
                }
                Token::Char('\'') => {
                    self.tokens.next();
                    primes += 1;
                }
                Token::Char('_' | '^') => return Err(unexpected(token)),
                Token::Command("limits") => {
                    self.tokens.next();
                    base = base.with("movablelimits", "false").in_role(Role::Limits { always: true });
                }
                Token::Command("nolimits" | "displaylimits") => {
                    self.tokens.next();
                    base.role = if token == Token::Command("nolimits") { Role::Plain } else { base.role };
                }
                _ => break,
            }
        }
        if primes > 0 {
            let marks = ["", "′", "″", "‴", "⁗"].get(primes).copied().map(String::from);
            let prime = Node::text("mo", &marks.unwrap_or_else(|| "′".repeat(primes)));
            sup = Some(match sup {
                Some(sup) => Node::new("mrow", vec![prime, sup]),
                None => prime,
            });
        }
        let limits = matches!(base.role, Role::Limits { .. });
        let role = if base.role == Role::Function { Role::Function } else { Role::Plain };
        let (tag, children) = match (sub, sup) {
            (None, None) => return Ok(base),
            (Some(sub), None) => (if limits { "munder" } else { "msub" }, vec![base, sub]),
            (None, Some(sup)) => (if limits { "mover" } else { "msup" }, vec![base, sup]),
            (Some(sub), Some(sup)) => (if limits { "munderover" } else { "msubsup" }, vec![base, sub, sup]),
        };
        Ok(Node::new(tag, children).in_role(role))
    }

    /// What a command or a script applies to: a group or a single token.
    pub(crate) fn argument(&mut self) -> Result<Node, Error> {
        match self.tokens.peek() {
            token @ (Token::End
            | Token::Char('}' | '&' | '_' | '^')
            | Token::Command("\\" | "right" | "end")) => Err(unexpected(token)),
            _ => Ok(self.deeper(|parser| parser.atom(true))?.unwrap_or_else(|| Node::row(Vec::new()))),
        }
    }

    /// A group, whose brace has been taken.
    pub(crate) fn group(&mut self) -> Result<Vec<Node>, Error> {
        let nodes = self.row()?;
        match self.tokens.next() {
            Token::Char('}') => Ok(nodes),
            Token::End => Err(unexpected(Token::Char('{'))),
            other => Err(unexpected(other)),
        }
    }

    /// A formula in brackets, if there is one.
    pub(crate) fn optional(&mut self) -> Result<Option<Node>, Error> {
        match self.tokens.optional()? {
            Some(source) => {
                self.deeper(|parser| parser.inner(source).all()).map(|nodes| Some(Node::row(nodes)))
            }
            None => Ok(None),
        }
    }

    fn atom(&mut self, single: bool) -> Result<Option<Node>, Error> {
        if let Token::Char('0'..='9') = self.tokens.peek() {
            return Ok(Some(self.number(single)));
        }
        let token = self.tokens.next();
        Ok(Some(match token {
            Token::Char('{') => Node::row(self.group()?),
            Token::Char('~') => Node::space("0.25em"),
            Token::Char(fence @ ('(' | ')' | '[' | ']' | '|')) => Node::fence(fence.encode_utf8(&mut [0; 4])),
            Token::Char('-') => Node::text("mo", "−"),
            Token::Char('*') => Node::text("mo", "∗"),
            Token::Char('/') => Node::fence("/").with("lspace", "0").with("rspace", "0"),
            Token::Char('$' | '#' | '\'') | Token::End => return Err(unexpected(token)),
            Token::Char(character) if is_letter(character) => self.letter(character),
            Token::Char(character) => Node::text("mo", character.encode_utf8(&mut [0; 4])),
            Token::Command(name) => return self.command(name),
        }))
    }

    fn number(&mut self, single: bool) -> Node {
        let digits = match self.tokens.peek() {
            Token::Char(digit) if single => {
                self.tokens.next();
                String::from(digit)
            }
            _ => self.tokens.digits().into(),
        };
        let shaped: String = digits.chars().map(|digit| self.font.shape(digit)).collect();
        Node::text("mn", &shaped)
    }

    /// A variable, or a letter of a word where those stand upright.
    pub(crate) fn letter(&self, letter: char) -> Node {
        let shaped = self.font.shape(letter);
        let node = Node::text("mi", shaped.encode_utf8(&mut [0; 4]));
        match self.font {
            Font::Default => node,
            // Browsers set a single letter in italics, and several upright.
            Font::Roman => node.with("mathvariant", "normal").in_role(Role::Word),
            _ if shaped == letter => node.with("mathvariant", "normal"),
            _ => node.in_role(Role::Word),
        }
    }
}

pub(crate) fn unexpected(token: Token<'_>) -> Error {
    Error::Unexpected(token.written())
}

/// `nodes` between delimiters that grow with them; one that is empty is not there.
pub(crate) fn fenced(open: &str, mut nodes: Vec<Node>, close: &str) -> Vec<Node> {
    if !open.is_empty() {
        nodes.insert(0, Node::stretchy(open, "prefix"));
    }
    if !close.is_empty() {
        nodes.push(Node::stretchy(close, "postfix"));
    }
    vec![Node::new("mrow", nodes)]
}

/// What a command that changes the size of what follows sets.
fn style(name: &str) -> Option<[&'static str; 2]> {
    Some(match name {
        "displaystyle" => ["true", "0"],
        "textstyle" => ["false", "0"],
        "scriptstyle" => ["false", "1"],
        "scriptscriptstyle" => ["false", "2"],
        _ => return None,
    })
}
