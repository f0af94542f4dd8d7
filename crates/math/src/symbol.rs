//! Commands that stand for a character: each name is followed by it.

/// Letters, set like variables.
pub(crate) const LETTERS: &str = "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ \
iota ι kappa κ varkappa ϰ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ \
upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω digamma ϝ partial ∂ imath ı jmath ȷ";

/// Letters and signs that stand upright.
pub(crate) const UPRIGHT: &str = "Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω \
infty ∞ nabla ∇ emptyset ∅ varnothing ∅ Re ℜ Im ℑ ell ℓ hbar ℏ hslash ℏ wp ℘ aleph ℵ beth ℶ gimel ℷ eth ð top ⊤ bot ⊥ \
angle ∠ measuredangle ∡ triangle △ square □ Box □ blacksquare ■ bigstar ★ checkmark ✓ degree ° prime ′ S § P ¶ \
pounds £ flat ♭ sharp ♯ natural ♮ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ forall ∀ exists ∃ nexists ∄ \
mho ℧ complement ∁ ldots … dots … dotsc … dotso … cdots ⋯ dotsb ⋯ dotsm ⋯ dotsi ⋯ vdots ⋮ ddots ⋱ AA Å aa å ss ß ae æ \
AE Æ oe œ OE Œ o ø O Ø % % $ $ # # & & _ _";

/// Operators and relations. Browsers know how much room each takes.
pub(crate) const OPERATORS: &str = "pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ cap ∩ cup ∪ uplus ⊎ sqcap ⊓ \
sqcup ⊔ vee ∨ lor ∨ wedge ∧ land ∧ setminus ∖ smallsetminus ∖ wr ≀ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ amalg ⨿ \
dagger † ddagger ‡ ltimes ⋉ rtimes ⋊ lnot ¬ neg ¬ le ≤ leq ≤ leqslant ⩽ ge ≥ geq ≥ geqslant ⩾ ne ≠ neq ≠ equiv ≡ sim ∼ \
simeq ≃ approx ≈ cong ≅ propto ∝ varpropto ∝ ll ≪ gg ≫ lll ⋘ ggg ⋙ prec ≺ succ ≻ preceq ⪯ succeq ⪰ in ∈ notin ∉ ni ∋ \
owns ∋ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ nsubseteq ⊈ sqsubseteq ⊑ sqsupseteq ⊒ mid ∣ \
nmid ∤ parallel ∥ nparallel ∦ perp ⟂ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ Vdash ⊩ asymp ≍ doteq ≐ bowtie ⋈ smile ⌣ frown ⌢ \
lesssim ≲ gtrsim ≳ lessgtr ≶ approxeq ≊ triangleq ≜ coloneqq ≔ coloneq ≔ eqqcolon ≕ therefore ∴ because ∵ to → \
rightarrow → gets ← leftarrow ← leftrightarrow ↔ Rightarrow ⇒ implies ⟹ impliedby ⟸ iff ⟺ Leftarrow ⇐ Leftrightarrow ⇔ \
longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷ Longrightarrow ⟹ Longleftarrow ⟸ Longleftrightarrow ⟺ mapsto ↦ \
longmapsto ⟼ hookrightarrow ↪ hookleftarrow ↩ rightharpoonup ⇀ rightharpoondown ⇁ leftharpoonup ↼ leftharpoondown ↽ \
rightleftharpoons ⇌ leftrightharpoons ⇋ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ rightsquigarrow ⇝ leadsto ⇝ \
twoheadrightarrow ↠ rightrightarrows ⇉ rightleftarrows ⇄ nrightarrow ↛ nleftarrow ↚ colon : lt < gt > nless ≮ ngtr ≯ \
nleq ≰ ngeq ≱ ncong ≇ nsim ≁ trianglelefteq ⊴ trianglerighteq ⊵ lhd ⊲ rhd ⊳ unlhd ⊴ unrhd ⊵ boxplus ⊞ boxtimes ⊠ \
boxdot ⊡ veebar ⊻ barwedge ⊼ surd √ diamond ⋄ bigcirc ◯ blacktriangle ▲ precsim ≾ succsim ≿ Subset ⋐ Supset ⋑ \
curlyeqprec ⋞ curlyeqsucc ⋟ nexists ∄ rightarrowtail ↣ circlearrowright ↻ circlearrowleft ↺";

/// Operators with limits under and over them.
pub(crate) const SUMS: &str = "sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ \
biguplus ⨄ bigsqcup ⨆";

/// Operators with limits beside them.
pub(crate) const INTEGRALS: &str = "int ∫ iint ∬ iiint ∭ iiiint ⨌ oint ∮ oiint ∯ oiiint ∰ smallint ∫";

/// What `\left` and `\right` may be followed by, and what keeps its size elsewhere.
pub(crate) const DELIMITERS: &str = "langle ⟨ rangle ⟩ lvert | rvert | vert | lVert ‖ rVert ‖ Vert ‖ | ‖ lfloor ⌊ rfloor ⌋ \
lceil ⌈ rceil ⌉ lbrace { rbrace } { { } } lbrack [ rbrack ] llbracket ⟦ rrbracket ⟧ lgroup ⟮ rgroup ⟯ ulcorner ⌜ \
urcorner ⌝ backslash ∖ uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ Updownarrow ⇕";

/// Names of functions that stand for themselves.
pub(crate) const FUNCTIONS: &str = "arccos arccos arcsin arcsin arctan arctan arg arg cos cos cosh cosh cot cot coth coth \
csc csc deg deg dim dim exp exp hom hom ker ker lg lg ln ln log log sec sec sin sin sinh sinh tan tan tanh tanh \
arccot arccot arsinh arsinh arcosh arcosh artanh artanh sech sech csch csch";

/// The same with limits under them; a hyphen is a thin space.
pub(crate) const LIMITS: &str = "lim lim max max min min sup sup inf inf det det gcd gcd Pr Pr limsup lim-sup liminf lim-inf \
argmax arg-max argmin arg-min";

/// Accents, which keep their size.
pub(crate) const ACCENTS: &str =
    "hat ^ tilde ~ bar ¯ vec → dot ˙ ddot ¨ dddot ⃛ check ˇ breve ˘ acute ´ grave ` mathring ˚";

/// What stands over something and is as wide.
pub(crate) const OVER: &str = "widehat ˆ widetilde ˜ overline ‾ overrightarrow → overleftarrow ← overleftrightarrow ↔ \
overbrace ⏞ overparen ⏜ overbracket ⎴ widecheck ˇ";

/// The same under it.
pub(crate) const UNDER: &str =
    "underline _ underbrace ⏟ underparen ⏝ underbracket ⎵ underrightarrow → underleftarrow ←";

/// Arrows that grow with what is written over them.
pub(crate) const ARROWS: &str = "xrightarrow → xleftarrow ← xleftrightarrow ↔ xRightarrow ⇒ xLeftarrow ⇐ xmapsto ↦ \
xrightleftharpoons ⇌ xhookrightarrow ↪ xlongequal =";

/// Widths of spaces.
pub(crate) const SPACES: &str = ", 0.1667em thinspace 0.1667em : 0.2222em > 0.2222em medspace 0.2222em ; 0.2778em \
thickspace 0.2778em ! -0.1667em negthinspace -0.1667em quad 1em qquad 2em enspace 0.5em enskip 0.5em space 0.25em \
hfill 2em";

/// What stands for the command `name` in a table.
pub(crate) fn find(table: &'static str, name: &str) -> Option<&'static str> {
    let mut words = table.split(' ');
    while let Some(word) = words.next() {
        let symbol = words.next();
        if word == name {
            return symbol;
        }
    }
    None
}
