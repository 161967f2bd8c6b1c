"""Letters and signs by their names in LaTeX (``\\alpha``) and back, or by their Unicode names."""

import re
import unicodedata

_TYPED = re.compile(r"\\([\w^+\-=()!]+)$")
_NAMED = re.compile(r"\\([A-Z][A-Z0-9 \-]+)$")

_GREEK = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
          "sigma tau upsilon phi chi psi omega").split()

#: Names in LaTeX, each with its sign.
_SIGNS = """
pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙
leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ equiv ≡ approx ≈ sim ∼ simeq ≃ cong ≅ propto ∝ ll ≪ gg ≫ prec ≺ succ ≻
in ∈ notin ∉ ni ∋ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ cup ∪ cap ∩ setminus ∖ emptyset ∅ varnothing ∅
forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ wedge ∧ land ∧ vee ∨ lor ∨ top ⊤ bot ⊥ vdash ⊢ models ⊨
infty ∞ partial ∂ nabla ∇ int ∫ iint ∬ iiint ∭ oint ∮ sum ∑ prod ∏ coprod ∐ sqrt √ cbrt ∛
leftarrow ← gets ← rightarrow → to → uparrow ↑ downarrow ↓ leftrightarrow ↔ updownarrow ↕ mapsto ↦
Leftarrow ⇐ Rightarrow ⇒ Uparrow ⇑ Downarrow ⇓ Leftrightarrow ⇔ iff ⟺ implies ⟹ longrightarrow ⟶
longleftarrow ⟵ hookrightarrow ↪ hookleftarrow ↩ rightharpoonup ⇀ rightleftharpoons ⇌
langle ⟨ rangle ⟩ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ Vert ‖ parallel ∥ perp ⊥ mid ∣ angle ∠ degree °
ldots … cdots ⋯ vdots ⋮ ddots ⋱ prime ′ dagger † ddagger ‡ S § P ¶ copyright © pounds £ euro € yen ¥
hbar ℏ ell ℓ Re ℜ Im ℑ aleph ℵ beth ℶ wp ℘ therefore ∴ because ∵ square □ blacksquare ■ triangle △
diamond ⋄ heartsuit ♡ spadesuit ♠ clubsuit ♣ diamondsuit ♢ checkmark ✓ flat ♭ natural ♮ sharp ♯
varepsilon ε vartheta ϑ varphi φ varrho ϱ varsigma ς varpi ϖ epsilon ϵ phi ϕ aa å AA Å ae æ AE Æ oe œ
OE Œ o ø O Ø ss ß l ł L Ł dots … leqslant ⩽ geqslant ⩾ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂
lhd ⊲ rhd ⊳ ltimes ⋉ rtimes ⋊ bowtie ⋈ doteq ≐ asymp ≍ nsubseteq ⊈ nsupseteq ⊉ subsetneq ⊊ nless ≮ ngtr ≯
hat ̂ tilde ̃ bar ̄ dot ̇ ddot ̈ vec ⃗ acute ́ grave ̀ check ̌ breve ̆ underbar ̲ overline ̅
"""

_STYLES = {"bb": "DOUBLE-STRUCK", "bf": "BOLD", "it": "ITALIC", "bi": "BOLD ITALIC", "scr": "SCRIPT",
           "frak": "FRAKTUR", "sans": "SANS-SERIF", "tt": "MONOSPACE"}
_SUPER = "0⁰ 1¹ 2² 3³ 4⁴ 5⁵ 6⁶ 7⁷ 8⁸ 9⁹ +⁺ -⁻ =⁼ (⁽ )⁾ aᵃ bᵇ cᶜ dᵈ eᵉ fᶠ gᵍ hʰ iⁱ jʲ kᵏ lˡ mᵐ nⁿ oᵒ pᵖ rʳ sˢ tᵗ uᵘ vᵛ wʷ xˣ yʸ zᶻ Tᵀ"
_SUB = "0₀ 1₁ 2₂ 3₃ 4₄ 5₅ 6₆ 7₇ 8₈ 9₉ +₊ -₋ =₌ (₍ )₎ aₐ eₑ hₕ iᵢ jⱼ kₖ lₗ mₘ nₙ oₒ pₚ rᵣ sₛ tₜ uᵤ vᵥ xₓ"

_table = {}


def table():
    """The signs by name."""
    if not _table:
        _table.update(_made())
    return _table


def _made():
    for name in _GREEK:
        word = "LAMDA" if name == "lambda" else name.upper()
        yield name, unicodedata.lookup(f"GREEK SMALL LETTER {word}")
        yield name.capitalize(), unicodedata.lookup(f"GREEK CAPITAL LETTER {word}")
    words = _SIGNS.split()
    yield from zip(words[::2], words[1::2])
    for mark, pairs in (("^", _SUPER), ("_", _SUB)):
        yield from ((mark + pair[0], pair[1]) for pair in pairs.split())
    for short, style in _STYLES.items():
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz":
            case = "CAPITAL" if letter.isupper() else "SMALL"
            for name in (f"MATHEMATICAL {style} {case} {letter.upper()}",
                         f"{style.replace('FRAKTUR', 'BLACK-LETTER')} {case} {letter.upper()}"):
                try:
                    yield short + letter, unicodedata.lookup(name)
                    break
                except KeyError:
                    continue


def complete(source, cursor, namespace):
    """``(matches, start)`` behind a backslash, else None."""
    from cellist.introspect.completer import Match

    line = source[source.rfind("\n", 0, cursor) + 1: cursor]
    if "\\" not in line:
        return None
    named = _NAMED.search(line)
    if named is not None:
        try:
            found = unicodedata.lookup(named.group(1).strip())
            return [Match(found, "instance")], cursor - len(named.group())
        except KeyError:
            pass
    match = _TYPED.search(line)
    if match is None:
        return None
    typed = match.group(1)
    start = cursor - len(match.group())
    signs = table()
    if typed in signs:
        return [Match(signs[typed], "instance")], start
    found = sorted(name for name in signs if name.startswith(typed))
    if not found and len(typed) == 1 and not typed.isascii():
        found = [name for name, sign in signs.items() if sign == typed][:1]
        if not found and unicodedata.name(typed, ""):
            found = [unicodedata.name(typed)]
    # Behind a backslash in a string most letters mean something else.
    return ([Match("\\" + name, "instance") for name in found], start) if found and len(typed) > 1 or \
        found and not typed.isascii() else None
