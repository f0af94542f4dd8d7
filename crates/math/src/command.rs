//! What each command means.

use crate::{
    Error,
    font::Font,
    node::{Node, Role},
    parser::{Parser, fenced, unexpected},
    symbol,
    token::Token,
};

impl<'a> Parser<'a> {
    /// What the command `name` makes; nothing for instance of a label.
    pub(crate) fn command(&mut self, name: &'a str) -> Result<Option<Node>, Error> {
        if let Some(node) = self.symbol(name) {
            return Ok(Some(node));
        }
        if let Some(font) = Font::of_command(name)
            && !name.starts_with("text")
        {
            return self.shaped(font).map(Some);
        }
        if let Some(node) = self.stacked(name)? {
            return Ok(Some(node));
        }
        Ok(Some(match name {
            "frac" | "dfrac" | "tfrac" | "cfrac" | "binom" | "dbinom" | "tbinom" => self.fraction(name)?,
            "sqrt" => match self.optional()? {
                Some(index) => Node::new("mroot", vec![self.argument()?, index]),
                None => Node::new("msqrt", vec![self.argument()?]),
            },
            "left" => self.between()?,
            "middle" => Node::stretchy(self.delimiter()?, "infix"),
            "begin" => self.environment()?,
            "text" | "textrm" | "textbf" | "textit" | "textsf" | "texttt" | "textnormal" | "mbox"
            | "hbox" => self.words(name)?,
            "operatorname" => self.operator()?,
            "stackrel" | "overset" | "underset" => {
                let (script, base) = (self.argument()?, self.argument()?);
                Node::new(if name == "underset" { "munder" } else { "mover" }, vec![base, script])
            }
            "substack" => self.lines_of_group()?,
            "pmod" | "pod" => {
                let mut nodes = vec![Node::space("1em"), Node::fence("(")];
                if name == "pmod" {
                    nodes.extend([Node::text("mi", "mod"), Node::space("0.3333em")]);
                }
                nodes.extend([self.argument()?, Node::fence(")")]);
                Node::new("mrow", nodes)
            }
            "bmod" | "mod" => Node::text("mo", "mod").with("lspace", "0.2222em").with("rspace", "0.2222em"),
            "not" => self.negated()?,
            "boxed" | "fbox" => Node::new("mrow", vec![self.argument()?]).with("class", "boxed"),
            "cancel" | "bcancel" | "xcancel" | "sout" => {
                Node::new("mrow", vec![self.argument()?]).with("class", "cancel")
            }
            "phantom" | "hphantom" | "vphantom" => Node::new("mphantom", vec![self.argument()?]),
            "mathstrut" | "strut" => Node::new("mphantom", vec![Node::fence("(")]).with("class", "strut"),
            "smash" | "mathord" | "mathbin" | "mathrel" | "mathopen" | "mathclose" | "mathpunct"
            | "mathinner" | "ensuremath" => self.argument()?,
            "mathop" => self.argument()?.in_role(Role::Limits { always: true }),
            // Colours are the page's matter.
            "color" | "textcolor" | "colorbox" => {
                self.tokens.raw()?;
                return if name == "color" { Ok(None) } else { self.argument().map(Some) };
            }
            "hspace" | "hskip" | "kern" | "mkern" | "mspace" => {
                self.tokens.take(Token::Char('*'));
                self.tokens.raw()?;
                Node::space("1em")
            }
            " " | "\n" | "\t" => Node::space("0.25em"),
            "tag" => {
                self.tokens.take(Token::Char('*'));
                let number = String::from("(") + self.tokens.raw()? + ")";
                Node::new("mrow", vec![Node::space("2em"), Node::text("mtext", &number)])
            }
            "label" => {
                self.tokens.raw()?;
                return Ok(None);
            }
            "nonumber" | "notag" | "allowbreak" | "nobreak" | "/" | "hline" | "limits" | "nolimits" | "-" => {
                return Ok(None);
            }
            _ => return self.sized(name).map(Some),
        }))
    }

    fn symbol(&self, name: &str) -> Option<Node> {
        let bold = self.font == Font::BoldItalic || self.font == Font::Bold;
        if let Some(letter) = symbol::find(symbol::LETTERS, name) {
            let shaped: String = letter.chars().map(|letter| self.font.shape(letter)).collect();
            return Some(Node::text("mi", &shaped));
        }
        if let Some(letter) = symbol::find(symbol::UPRIGHT, name) {
            let shaped: String =
                letter.chars().map(|letter| if bold { self.font.shape(letter) } else { letter }).collect();
            return Some(Node::text("mi", &shaped).with("mathvariant", "normal"));
        }
        if let Some(operator) = symbol::find(symbol::OPERATORS, name) {
            return Some(Node::text("mo", operator));
        }
        if let Some(fence) = symbol::find(symbol::DELIMITERS, name) {
            return Some(Node::fence(fence));
        }
        if let Some(sum) = symbol::find(symbol::SUMS, name) {
            return Some(Node::text("mo", sum).in_role(Role::Limits { always: false }));
        }
        if let Some(integral) = symbol::find(symbol::INTEGRALS, name) {
            return Some(Node::text("mo", integral));
        }
        if let Some(function) = symbol::find(symbol::FUNCTIONS, name) {
            return Some(Node::text("mi", function).in_role(Role::Function));
        }
        if let Some(limit) = symbol::find(symbol::LIMITS, name) {
            return Some(limits(&limit.replace('-', "\u{2009}")));
        }
        symbol::find(symbol::SPACES, name).map(Node::space)
    }

    /// Accents, and what stands over or under something.
    fn stacked(&mut self, name: &str) -> Result<Option<Node>, Error> {
        let brace = name.starts_with("overb") || name.starts_with("underb");
        let role = if brace { Role::Limits { always: true } } else { Role::Plain };
        if let Some(mark) = symbol::find(symbol::ACCENTS, name) {
            let mark = Node::text("mo", mark).with("stretchy", "false");
            return Ok(Some(Node::new("mover", vec![self.argument()?, mark]).with("accent", "true")));
        }
        if let Some(mark) = symbol::find(symbol::OVER, name) {
            let mark = Node::text("mo", mark).with("stretchy", "true");
            let over = Node::new("mover", vec![self.argument()?, mark]);
            return Ok(Some(over.with("accent", "true").in_role(role)));
        }
        if let Some(mark) = symbol::find(symbol::UNDER, name) {
            let mark = Node::text("mo", mark).with("stretchy", "true");
            let under = Node::new("munder", vec![self.argument()?, mark]);
            return Ok(Some(under.with("accentunder", "true").in_role(role)));
        }
        let Some(arrow) = symbol::find(symbol::ARROWS, name) else {
            return Ok(None);
        };
        let below = self.optional()?;
        let above = padded(self.argument()?);
        let arrow = Node::text("mo", arrow).with("stretchy", "true");
        Ok(Some(match below {
            Some(below) => Node::new("munderover", vec![arrow, padded(below), above]),
            None => Node::new("mover", vec![arrow, above]),
        }))
    }

    fn shaped(&mut self, font: Font) -> Result<Node, Error> {
        self.deeper(|parser| {
            parser.font = font;
            parser.argument()
        })
    }

    fn fraction(&mut self, name: &str) -> Result<Node, Error> {
        let fraction = Node::new("mfrac", vec![self.argument()?, self.argument()?]);
        let binomial = name.ends_with("binom");
        let fraction = if binomial { fraction.with("linethickness", "0") } else { fraction };
        let nodes = if binomial { fenced("(", vec![fraction], ")") } else { vec![fraction] };
        Ok(match name {
            "dfrac" | "cfrac" | "dbinom" => {
                Node::new("mstyle", nodes).with("displaystyle", "true").with("scriptlevel", "0")
            }
            "tfrac" | "tbinom" => {
                Node::new("mstyle", nodes).with("displaystyle", "false").with("scriptlevel", "0")
            }
            _ => Node::row(nodes),
        })
    }

    /// From `\left` to `\right`.
    fn between(&mut self) -> Result<Node, Error> {
        let open = self.delimiter()?;
        let inner = self.row()?;
        match self.tokens.next() {
            Token::Command("right") => {}
            Token::End => return Err(unexpected(Token::Command("left"))),
            other => return Err(unexpected(other)),
        }
        let close = self.delimiter()?;
        Ok(Node::new("mrow", fenced(open, inner, close)))
    }

    /// A delimiter, of which a point says that there is none.
    fn delimiter(&mut self) -> Result<&'static str, Error> {
        let token = self.tokens.next();
        let found = match token {
            Token::Char('.') => Some(""),
            Token::Char('(') => Some("("),
            Token::Char(')') => Some(")"),
            Token::Char('[') => Some("["),
            Token::Char(']') => Some("]"),
            Token::Char('|') => Some("|"),
            Token::Char('/') => Some("/"),
            Token::Char('<') => Some("⟨"),
            Token::Char('>') => Some("⟩"),
            Token::Command(name) => symbol::find(symbol::DELIMITERS, name),
            _ => None,
        };
        found.ok_or_else(|| unexpected(token))
    }

    /// `\big(` and its like: delimiters of a given size.
    fn sized(&mut self, name: &str) -> Result<Node, Error> {
        let size = match name.trim_end_matches(['l', 'r', 'm']) {
            "big" => "1.2em",
            "Big" => "1.8em",
            "bigg" => "2.4em",
            "Bigg" => "3em",
            _ => return Err(Error::Unknown(Token::Command(name).written())),
        };
        let form = match name.as_bytes().last() {
            Some(b'l') => "prefix",
            Some(b'r') => "postfix",
            _ => "infix",
        };
        let fence = Node::stretchy(self.delimiter()?, form).with("minsize", size).with("maxsize", size);
        Ok(if form == "infix" { fence.with("lspace", "0").with("rspace", "0") } else { fence })
    }

    /// Words within a formula, in which there may be formulas again.
    fn words(&mut self, name: &str) -> Result<Node, Error> {
        let source = self.tokens.raw()?;
        let font =
            if name == "textit" { Font::Default } else { Font::of_command(name).unwrap_or(Font::Default) };
        let mut nodes = Vec::new();
        for (index, part) in source.split('$').enumerate() {
            if index % 2 == 1 {
                nodes.push(Node::row(self.deeper(|parser| parser.inner(part).all())?));
            } else if !part.is_empty() {
                let plain = part.replace(['{', '}', '\\'], "");
                let shaped: String = plain.chars().map(|letter| font.shape(letter)).collect();
                // White space at either end would be lost.
                nodes.push(Node::text("mtext", &shaped.replace([' ', '~', '\n'], "\u{a0}")));
            }
        }
        Ok(Node::row(nodes))
    }

    fn operator(&mut self) -> Result<Node, Error> {
        let limited = self.tokens.take(Token::Char('*'));
        let name = self.tokens.raw()?;
        let plain = name.replace("\\,", "\u{2009}").replace("\\!", "");
        if let Some(at) = plain.find(['\\', '$', '^', '_']) {
            return Err(Error::Unexpected(plain.get(at..).unwrap_or_default().into()));
        }
        let plain = plain.replace(['{', '}'], "");
        Ok(if limited {
            limits(&plain)
        } else if plain.chars().count() == 1 {
            Node::text("mi", &plain).with("mathvariant", "normal").in_role(Role::Function)
        } else {
            Node::text("mi", &plain).in_role(Role::Function)
        })
    }

    fn negated(&mut self) -> Result<Node, Error> {
        let mut node = self.argument()?;
        node.text.push('\u{338}');
        if node.tag == "mo" { Ok(node) } else { Err(unexpected(Token::Command("not"))) }
    }
}

/// The name of an operator with limits under it.
fn limits(name: &str) -> Node {
    Node::text("mo", name)
        .with("movablelimits", "true")
        .with("lspace", "0")
        .with("rspace", "0.1667em")
        .in_role(Role::Limits { always: false })
}

/// What is written over an arrow makes it a little longer than that.
fn padded(node: Node) -> Node {
    Node::new("mrow", vec![Node::space("0.4em"), node, Node::space("0.4em")])
}
