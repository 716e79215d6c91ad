"""Read the text of a condition: a lexer and a recursive-descent parser with precise errors."""

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from stresslab._condition_tree import (
    KEYWORDS,
    MAX_DEPTH,
    MAX_PATTERN,
    MAX_POINTS,
    OPERATORS,
    And,
    Compare,
    Field,
    In,
    IsNull,
    Named,
    Not,
    Or,
    Predicate,
    Value,
    Within,
)
from stresslab.errors import ConditionError

T = TypeVar("T")

INSTEAD = {
    "==": "=", "<>": "!=", "=>": ">=", "=<": "<=", "~": "matches", "=~": "matches", "!": "not",
    "like": "contains", "ilike": "contains", "has": "contains", "regexp": "matches",
    "rlike": "matches", "equals": "=", "isnull": "is null", "is_null": "is null",
    "notnull": "is not null", "notin": "not in", "between": ">= and <=",
    "&": "and", "&&": "and", "|": "or", "||": "or",
}  # fmt: skip
"""What other languages write, and what is written here."""

SIGNED_64 = 2**63

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<quoted>`(?:[^`]|``)+`)
    |(?P<number>-?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    |(?P<sign>!=|<=|>=|==|<>|=>|=<|=~|&&|\|\||[=<>(),.\[\]&|!~])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A word, value or sign of a condition and where it stands."""

    kind: str  # name, quoted, string, number, sign, end
    text: str
    start: int

    def is_word(self, word: str) -> bool:
        """Return whether this is a key word, whatever its case."""
        return self.kind == "name" and self.text.lower() == word


def tokens(text: str) -> list[Token]:
    """Return the tokens of a condition and an end.

    Raises
    ------
    ConditionError
        At the first character that begins no token.
    """
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ConditionError(_wrong(text, at, _lexical_hint(text[at])))
        if match.lastgroup != "blank":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    return [*found, Token("end", "", len(text))]


def _lexical_hint(char: str) -> str:
    if char == '"':
        return 'a closing quotation mark " is missing'
    if char == "`":
        return "a closing back-tick ` is missing"
    if char in "'“”‘’„":
        return 'texts stand in double quotation marks, like "news"'
    if char.isalpha():
        return f"a name with {char!r} stands in back-ticks, a text in double quotation marks"
    return f"{char!r} has no meaning here"


def _wrong(text: str, at: int, what: str) -> str:
    start, end = max(0, at - 30), at + 30
    shown = re.sub(r"\s", " ", text[start:end])
    caret = " " * (at - start) + "^"
    return f"A condition cannot be read at character {at + 1}: {what}.\n  {shown}\n  {caret}"


def _near(word: str, options: Iterable[str]) -> str | None:
    if word in INSTEAD:
        return INSTEAD[word]
    close = difflib.get_close_matches(word, list(options), n=1)
    return close[0] if close else None


class Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0

    def whole(self) -> Predicate:
        """Return the tree of the whole text."""
        tree = self.either()
        if self.now.kind != "end":
            near = _near(self.now.text.lower(), ("and", "or"))
            self.fail(f'expected "{near}"' if near else 'expected "and", "or" or the end')
        return tree

    @property
    def now(self) -> Token:
        """Return the token that is read next."""
        return self.tokens[self.at]

    def fail(self, what: str) -> NoReturn:
        """Raise ConditionError at the next token."""
        seen = f"got {_short(self.now.text)}" if self.now.kind != "end" else "the text ends"
        raise ConditionError(_wrong(self.text, self.now.start, f"{what}; {seen}"))

    def fail_back(self, what: str) -> NoReturn:
        """Raise ConditionError at the token just read."""
        self.at -= 1
        self.fail(what)

    def take(self) -> Token:
        """Return the next token and go on."""
        token = self.now
        self.at += token.kind != "end"
        return token

    def word(self, word: str) -> bool:
        """Go on if the next token is this key word, and return whether it was."""
        if self.now.is_word(word):
            self.at += 1
            return True
        return False

    def sign(self, sign: str) -> bool:
        """Go on if the next token is this sign, and return whether it was."""
        if self.now.kind == "sign" and self.now.text == sign:
            self.at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        """Go on over this sign, or fail."""
        if not self.sign(sign):
            self.fail(f"expected {sign!r}")

    def either(self) -> Predicate:
        """Read ``or``."""
        return self.chain("or", self.both, Or)

    def both(self) -> Predicate:
        """Read ``and``."""
        return self.chain("and", self.negated, And)

    def chain(
        self, word: str, part: Callable[[], Predicate], kind: type[And] | type[Or]
    ) -> Predicate:
        """Read parts joined by a key word."""
        parts = [part()]
        while self.word(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else kind(tuple(parts))

    def negated(self) -> Predicate:
        """Read ``not``."""
        if self.depth > MAX_DEPTH:
            self.fail(f"at most {MAX_DEPTH} parentheses and negations may be nested")
        self.depth += 1
        tree: Predicate = Not(self.negated()) if self.word("not") else self.primary()
        self.depth -= 1
        return tree

    def primary(self) -> Predicate:
        """Read what stands in parentheses, ``within`` or a test."""
        if self.sign("("):
            tree = self.either()
            self.expect(")")
            return tree
        if self.now.is_word("within"):
            return self.within()
        if self.now.is_word("slice") and self.tokens[self.at + 1].text == "(":
            return self.named()
        return self.test()

    def named(self) -> Predicate:
        """Read ``slice("name")``; a column may be called slice as well."""
        self.take()
        self.expect("(")
        name = self.value()
        if not isinstance(name, str) or not name:
            self.fail_back("slice(...) takes the name of a saved slice in double quotation marks")
        self.expect(")")
        return Named(name)

    def within(self) -> Predicate:
        """Read ``within(field, [[x, y], ...])``."""
        self.take()
        self.expect("(")
        field = self.field()
        self.expect(",")
        corners = self.listed("[", self.corner, "]")
        self.expect(")")
        if not 3 <= len(corners) <= MAX_POINTS:
            self.fail_back(f"a polygon has 3 to {MAX_POINTS} corners, not {len(corners)}")
        return Within(field, tuple(corners))

    def corner(self) -> tuple[float, float]:
        """Read ``[x, y]``."""
        self.expect("[")
        x = self.number()
        self.expect(",")
        y = self.number()
        self.expect("]")
        return x, y

    def number(self) -> float:
        """Read a number."""
        value = self.value()
        if isinstance(value, str | bool):
            self.fail_back("expected a number")
        return float(value)

    def test(self) -> Predicate:
        """Read a comparison, a membership or a test for null."""
        field = self.field()
        if self.word("is"):
            negative = self.word("not")
            if not self.word("null"):
                self.fail('expected "null" or "not null"')
            return Not(IsNull(field)) if negative else IsNull(field)
        negative = self.word("not")
        if self.word("in"):
            inside = In(field, tuple(self.listed("(", self.value, ")")))
            return Not(inside) if negative else inside
        if negative:
            self.fail('expected "in" after "not"')
        op = self.operator()
        value = self.value()
        if op in ("contains", "matches") and not isinstance(value, str):
            self.fail_back(f"{op} needs a text in double quotation marks")
        if op == "matches" and isinstance(value, str) and len(value) > MAX_PATTERN:
            self.fail_back(f"a pattern may have {MAX_PATTERN} characters, not {len(value)}")
        return Compare(field, op, value)

    def operator(self) -> str:
        """Read an operator."""
        op = self.now.text.lower()
        if op in OPERATORS and self.now.kind in ("sign", "name"):
            self.take()
            return op
        if op == "(":
            self.fail("only within(...) and slice(...) are written with parentheses")
        near = _near(op, ("contains", "matches", "in", "is", "not in"))
        self.fail(f"expected {near or 'one of ' + ', '.join((*OPERATORS, 'in', 'not in', 'is'))}")

    def listed(self, opening: str, part: Callable[[], T], closing: str) -> list[T]:
        """Read parts between two signs, separated by commas."""
        self.expect(opening)
        found = [part()]
        while self.sign(","):
            found.append(part())
        self.expect(closing)
        return found

    def field(self) -> Field:
        """Read a column."""
        parts = [self.name()]
        while self.sign("."):
            parts.append(self.name())
        return Field(tuple(parts))

    def name(self) -> str:
        """Read one part of the name of a column."""
        token = self.now
        if token.kind == "quoted":
            return self.take().text[1:-1].replace("``", "`")
        if token.kind == "string":
            self.fail("a column stands without quotation marks, or in back-ticks")
        if token.text == "!":
            self.fail("expected not")
        if token.kind != "name" or token.text.lower() in KEYWORDS:
            self.fail("expected the name of a column, like domain or item.length")
        return self.take().text

    def value(self) -> Value:
        """Read a text, a number, true or false."""
        token = self.now
        if token.kind == "string":
            return self.string()
        if token.kind == "number":
            return self.figure()
        for word, truth in (("true", True), ("false", False)):
            if self.word(word):
                return truth
        if token.is_word("null"):
            self.fail("null is no value; ask with is null or is not null")
        hint = ""
        if token.kind in ("name", "quoted"):
            quoted = token.text.strip("`")
            hint = f' (write "{quoted}" in double quotation marks)'
        self.fail(f'expected a value: a "text", a number, true or false{hint}')

    def string(self) -> str:
        """Read a text."""
        try:
            text = str(json.loads(self.now.text, strict=False))
            text.encode()
        except json.JSONDecodeError:
            self.fail("a text has an unknown escape; use \\\\ for a backslash")
        except UnicodeEncodeError:
            self.fail("a text has half a character; write both halves of a surrogate pair")
        self.take()
        return text

    def figure(self) -> int | float:
        """Read a whole number of 64 bits, or any finite number."""
        text = self.now.text
        whole = re.fullmatch(r"-?[0-9]+", text) is not None
        if whole and (len(text) > 20 or not -SIGNED_64 <= int(text) < SIGNED_64):
            self.fail("a whole number has at most 64 bits; write 1e20 for a rough one")
        value = int(text) if whole else float(text)
        if not math.isfinite(value):
            self.fail("a number lies within 1.7e308 of zero")
        self.take()
        return value


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
