use crate::language::{BASE, Language, quote};
use crate::{css, markup, text};

pub(super) static HTML: Language = Language {
    name: "HTML",
    aliases: "htm xhtml vue svelte astro jinja handlebars hbs erb ejs",
    token: markup::token,
    block_comment: Some(("<!--", "-->")),
    ..BASE
};

pub(super) static XML: Language =
    Language { name: "XML", aliases: "svg rss atom xsd xsl xslt plist mathml", ..HTML };

pub(super) static CSS: Language = Language {
    name: "CSS",
    aliases: "postcss tailwind",
    token: css::token,
    line_comments: &[],
    quotes: &[quote("\"", 0), quote("'", 0)],
    ..BASE
};

pub(super) static SCSS: Language =
    Language { name: "SCSS", aliases: "sass less", line_comments: &["//"], ..CSS };

pub(super) static MARKDOWN: Language =
    Language { name: "Markdown", aliases: "md mdx mkd", token: text::markdown, block_comment: None, ..BASE };

pub(super) static DIFF: Language =
    Language { name: "Diff", aliases: "patch udiff", token: text::diff, block_comment: None, ..BASE };
