//! Formulas as people and models write them, and as nobody should.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use triptych_math::{Error, Step, render};

/// What a browser of today knows how to set, and what the widget lets through.
const ELEMENTS: &[&str] = &[
    "math",
    "mfrac",
    "mi",
    "mn",
    "mo",
    "mover",
    "mphantom",
    "mroot",
    "mrow",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
    "munderover",
];

const ATTRIBUTES: &[&str] = &[
    "accent",
    "accentunder",
    "class",
    "display",
    "displaystyle",
    "form",
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "rspace",
    "scriptlevel",
    "stretchy",
    "width",
];

/// The steps as markup, without attributes.
fn told(source: &str) -> String {
    let steps = render(source, false).unwrap_or_else(|error| panic!("{source}: {error}"));
    let (mut told, mut open) = (String::new(), Vec::new());
    for step in steps.into_iter().skip(1) {
        match step {
            Step::Open(name) => {
                told += &format!("<{name}>");
                open.push(name);
            }
            Step::Attribute(..) => {}
            Step::Text(text) => told += &text,
            Step::Close => told += &open.pop().map(|name| format!("</{name}>")).unwrap_or_default(),
        }
    }
    told
}

/// Whether steps make one element of what is allowed, with attributes before anything else.
fn check(source: &str, steps: &[Step]) {
    let mut depth = 0;
    let mut before = None;
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Open(name) => {
                assert!(ELEMENTS.contains(name), "{source}: {name}");
                assert!(depth > 0 || index == 0, "{source}");
                depth += 1;
            }
            Step::Attribute(name, _) => {
                assert!(ATTRIBUTES.contains(name), "{source}: {name}");
                assert!(matches!(before, Some(Step::Open(_) | Step::Attribute(..))), "{source}");
            }
            Step::Text(_) => {}
            Step::Close => depth -= 1,
        }
        before = Some(step.clone());
    }
    assert_eq!(depth, 0, "{source}");
}

#[test]
fn formulas_that_models_write_are_read() {
    for source in [
        r"x",
        r"E = mc^2",
        r"x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}",
        r"\frac{d}{dx} \left( \int_{a}^{x} f(t) \, dt \right) = f(x)",
        r"\sum_{n=1}^{\infty} \frac{1}{n^2} = \frac{\pi^2}{6}",
        r"\prod_{i=1}^{n} x_i",
        r"\lim_{x \to 0} \frac{\sin x}{x} = 1",
        r"\lim_{n \to \infty} \left(1 + \frac{1}{n}\right)^n = e",
        r"\int_0^\infty e^{-x^2} \, dx = \frac{\sqrt{\pi}}{2}",
        r"\oint_{\partial \Sigma} \mathbf{F} \cdot d\mathbf{r} = \iint_\Sigma (\nabla \times \mathbf{F}) \cdot d\mathbf{S}",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        r"\begin{bmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \end{bmatrix}^T",
        r"\begin{vmatrix} a & b \\ c & d \end{vmatrix} = ad - bc",
        r"\begin{aligned} a &= b + c \\ &= d \\[4pt] e &\le f \end{aligned}",
        r"\begin{align*} f(x) &= (x+1)^2 \\ &= x^2 + 2x + 1 \end{align*}",
        r"\begin{align} a &= b \tag{1} \label{eq:a} \\ c &= d \nonumber \end{align}",
        r"f(x) = \begin{cases} x^2 & \text{if } x \geq 0 \\ -x & \text{otherwise} \end{cases}",
        r"\left[\begin{array}{cc|c} 1 & 2 & 3 \\ 0 & 1 & 4 \end{array}\right]",
        r"\begin{array}{|c|c|} \hline a & b \\ \hline c & d \\ \hline \end{array}",
        r"\alpha, \beta, \gamma, \Gamma, \Delta, \epsilon, \varepsilon, \theta, \lambda, \mu, \sigma, \Omega",
        r"\hat{x}, \bar{y}, \vec{v}, \dot{q}, \ddot{q}, \tilde{n}, \widehat{ABC}, \overline{AB}, \underline{z}",
        r"\overbrace{a + b + c}^{n} + \underbrace{x + y}_{m}",
        r"\text{speed} = \frac{\text{distance}}{\text{time}}",
        r"P(A \mid B) = \frac{P(B \mid A)\,P(A)}{P(B)}",
        r"\left\{ x \in \mathbb{R} \;\middle|\; x > 0 \right\}",
        r"\left. \frac{df}{dx} \right|_{x=0}",
        r"x_1, x_2, \ldots, x_n",
        r"a_{ij}^{2}, {}_2^4\mathrm{He}, x_{n_k}",
        r"f'(x), f''(x), y^{\prime}, f'^2",
        r"\forall \epsilon > 0 \; \exists \delta > 0 : |x - a| < \delta \implies |f(x) - L| < \epsilon",
        r"A \cup B, A \cap B, A \setminus B, A \subseteq B, x \notin \emptyset",
        r"\binom{n}{k} = \frac{n!}{k!(n-k)!}",
        r"{n \choose k}, {a \over b}",
        r"\sqrt[3]{x + \sqrt{y}}",
        r"\log_2 n, \ln x, \sin^2 \theta + \cos^2 \theta = 1",
        r"\operatorname{softmax}(x_i) = \frac{e^{x_i}}{\sum_j e^{x_j}}",
        r"\operatorname*{arg\,max}_{\theta} \mathcal{L}(\theta)",
        r"\argmin_x f(x), \max_{i} a_i, \sup S",
        r"\mathbb{E}[X] = \int_{-\infty}^{\infty} x f(x)\,dx",
        r"\mathcal{N}(\mu, \sigma^2), \mathfrak{g}, \mathscr{F}, \mathsf{A}, \mathtt{x}",
        r"\mathbf{A}\mathbf{x} = \mathbf{b}, \boldsymbol{\beta}, \bm{x}",
        r"\nabla \cdot \mathbf{E} = \frac{\rho}{\varepsilon_0}",
        r"i\hbar \frac{\partial}{\partial t} \Psi = \hat{H} \Psi",
        r"\langle \psi | \phi \rangle, \lvert x \rvert, \lVert v \rVert, \|v\|, \lfloor x \rfloor, \lceil x \rceil",
        r"a \equiv b \pmod{n}, a \bmod n",
        r"A \xrightarrow{f} B \xleftarrow[g]{h} C",
        r"\Delta G^\circ",
        r"2H_2 + O_2 \rightarrow 2H_2O",
        r"\mathrm{H_2O}, \mathrm{d}x, \text{kg}\cdot\text{m}/\text{s}^2",
        r"\boxed{x = 42}, \cancel{x}",
        r"\color{red} x + \textcolor{blue}{y}",
        r"\big( \Big[ \bigg\{ \Bigg| x \Bigg| \bigg\} \Big] \big)",
        r"\bigl(x\bigr), \Biggl\langle y \Biggr\rangle",
        r"\stackrel{?}{=}, \overset{!}{=}, \underset{x}{\operatorname{min}}",
        r"\sum_{\substack{i < n \\ j < m}} a_{ij}, \sum\limits_{i} x_i, \int\nolimits_a^b",
        r"x \not= y, x \not\in A, x \neq y",
        r"1{,}000 \times 3.14 = 3{,}140, 0.5\%, \$5",
        r"90^\circ, 25\,^{\circ}\mathrm{C}, 45^{\degree}",
        r"a \quad b \qquad c \; d \: e \! f \ g~h",
        r"\displaystyle \sum_{i} x_i + {\textstyle \frac{1}{2}} + \dfrac{a}{b} + \tfrac{c}{d} + \cfrac{1}{1 + \cfrac{1}{x}}",
        r"\phantom{x} y, \hspace{1cm} z, \mathop{lim}_{x}",
        r"\begin{smallmatrix} a & b \\ c & d \end{smallmatrix}",
        r"\begin{gathered} a = b \\ c = d \end{gathered}, \begin{split} a &= b \end{split}",
        r"a &= b \\ c &= d",
        r"\iff \Leftrightarrow \to \mapsto \leadsto \uparrow \downarrow \therefore",
        r"α + β ≤ γ × 漢",
        "x % a comment\n+ y",
        r"\frac12 + x^23 + \sqrt2",
        r"\vec{\mathbf{v}} \times \overrightarrow{AB}",
        r"\text{if $x > 0$ and } y",
        r"{\rm d}x, {\bf x}",
        r"\cdots \vdots \ddots \ldots \dots",
        r"\top \bot \vdash \models \neg \land \lor \oplus \otimes",
    ] {
        for display in [false, true] {
            match render(source, display) {
                Ok(steps) => check(source, &steps),
                Err(error) => panic!("{source}: {error}"),
            }
        }
    }
}

#[test]
fn a_formula_is_built_of_what_it_says() {
    for (source, expected) in [
        ("x+1", "<mi>x</mi><mo>+</mo><mn>1</mn>"),
        ("3.14-x", "<mn>3.14</mn><mo>−</mo><mi>x</mi>"),
        (r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
        ("x^23", "<msup><mi>x</mi><mn>2</mn></msup><mn>3</mn>"),
        ("x^{10}_i", "<msubsup><mi>x</mi><mi>i</mi><mn>10</mn></msubsup>"),
        ("f''", "<msup><mi>f</mi><mo>″</mo></msup>"),
        (r"\sqrt[3]{x}", "<mroot><mi>x</mi><mn>3</mn></mroot>"),
        (r"\sum_i^n", "<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover>"),
        (r"\int_0^1", "<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup>"),
        (r"\sin x", "<mi>sin</mi><mspace></mspace><mi>x</mi>"),
        (r"\sin(x)", "<mi>sin</mi><mo>(</mo><mi>x</mi><mo>)</mo>"),
        (r"\mathbb{R}^n", "<msup><mi>ℝ</mi><mi>n</mi></msup>"),
        (r"\mathrm{kg}", "<mi>kg</mi>"),
        (r"\mathbf{v}\boldsymbol{\alpha}", "<mi>𝐯</mi><mi>𝜶</mi>"),
        (r"\text{a b}", "<mtext>a\u{a0}b</mtext>"),
        (r"\left(x\right.", "<mrow><mrow><mo>(</mo><mi>x</mi></mrow></mrow>"),
        (r"\not=", "<mo>=\u{338}</mo>"),
        (r"a\\b", "<mtable><mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mi>b</mi></mtd></mtr></mtable>"),
    ] {
        assert_eq!(told(source), expected, "{source}");
    }
}

#[test]
fn what_is_not_understood_is_named() {
    let unknown = |name: &str| Error::Unknown(name.into());
    let unexpected = |part: &str| Error::Unexpected(part.into());
    for (source, expected) in [
        (r"\href{javascript:alert(1)}{x}", unknown(r"\href")),
        (r"\url{https://a.example}", unknown(r"\url")),
        (r"\style{color:red}{x}", unknown(r"\style")),
        (r"\class{a}{x}", unknown(r"\class")),
        (r"\htmlClass{a}{x}", unknown(r"\htmlClass")),
        (r"\htmlStyle{a}{x}", unknown(r"\htmlStyle")),
        (r"\htmlData{a=b}{x}", unknown(r"\htmlData")),
        (r"\includegraphics{a.png}", unknown(r"\includegraphics")),
        (r"\unicode{x1F600}", unknown(r"\unicode")),
        (r"\def\a{\a\a}\a", unknown(r"\def")),
        (r"\newcommand{\a}{\a\a}\a", unknown(r"\newcommand")),
        (r"\input{/etc/passwd}", unknown(r"\input")),
        (r"\begin{tikzpicture}\end{tikzpicture}", unknown("tikzpicture")),
        (r"\frac{a}", unexpected("…")),
        (r"{a", unexpected("{")),
        (r"a}", unexpected("}")),
        (r"\left( a", unexpected(r"\left")),
        (r"a \right)", unexpected(r"\right")),
        (r"\begin{matrix} a", unexpected(r"\begin{matrix}")),
        (r"\begin{matrix} a \end{pmatrix}", unexpected(r"\end{pmatrix}")),
        (r"x_1_2", unexpected("_")),
        (r"x^", unexpected("…")),
        (r"a $ b", unexpected("$")),
        ("\\", unknown("\\")),
    ] {
        assert_eq!(render(source, false), Err(expected), "{source}");
    }
}

#[test]
fn what_is_too_large_is_refused_and_not_tried() {
    for unit in [
        r"{",
        r"\frac{",
        r"\sqrt{",
        r"\left(",
        r"x^{",
        r"\begin{matrix}",
        r"\text{$",
        r"\hat",
        r"\sqrt[",
        r"\bf{",
    ] {
        assert!(render(&unit.repeat(19_000 / unit.len()), false).is_err(), "{unit}");
    }
    assert_eq!(render(&"x".repeat(20_001), false), Err(Error::TooLarge));
    let wide = r"\begin{matrix}".to_owned() + &"a & b \\\\".repeat(1_000) + r"\end{matrix}";
    assert!(render(&wide, true).is_ok());
}

#[test]
fn text_stays_text() {
    let source = r#"\text{<img src=x onerror="alert(1)">} < > & "#;
    if let Ok(steps) = render(source, false) {
        check(source, &steps);
    }
    assert!(told(r"\text{<script>}").contains("<mtext><script></mtext>"));
}

const FRAGMENTS: &[&str] = &[
    r"\frac",
    r"\sqrt",
    r"\left",
    r"\right",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{",
    "}",
    "^",
    "_",
    "'",
    "&",
    r"\\",
    r"\begin{cases}",
    r"\end{cases}",
    r"\begin{array}{c|c}",
    r"\end{array}",
    r"\text{",
    r"\mathbb",
    r"\sum",
    r"\int",
    r"\limits",
    r"\over",
    r"\not",
    r"\hat",
    r"\operatorname",
    r"\alpha",
    r"\bf",
    r"\displaystyle",
    r"\big",
    r"\middle",
    r"\tag",
    r"\href",
    "x",
    "1",
    "2.5",
    "é",
    "🐸",
    " ",
    "$",
    "%",
    "\n",
    "|",
    "<",
    ">",
    "\\",
    "~",
    r"\xrightarrow",
    r"\substack",
    r"\hline",
    r"\pmod",
    ".",
    "*",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 8000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_formula_is_built_of_allowed_parts_or_refused(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..30),
    ) {
        let source = fragments.concat();
        if let Ok(steps) = render(&source, true) {
            check(&source, &steps);
        }
    }

    #[test]
    fn any_text_is_built_of_allowed_parts_or_refused(source in ".{0,60}") {
        if let Ok(steps) = render(&source, true) {
            check(&source, &steps);
        }
    }
}
