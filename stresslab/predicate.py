r"""Conditions on rows: a small typed language, as a tree, as text and as a query parameter.

Grammar (EBNF)::

    condition  = or ;
    or         = and , { "or" , and } ;
    and        = not , { "and" , not } ;
    not        = "not" , not | primary ;
    primary    = "(" , or , ")" | within | test ;
    within     = "within" , "(" , field , "," , "[" , point , { "," , point } , "]" , ")" ;
    point      = "[" , number , "," , number , "]" ;
    test       = field , ( comparison | membership | nullity ) ;
    comparison = ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "matches" ) , value ;
    membership = [ "not" ] , "in" , "(" , value , { "," , value } , ")" ;
    nullity    = "is" , [ "not" ] , "null" ;
    field      = name , { "." , name } ;
    name       = letter , { letter | digit | "_" | "-" } | "`" , any but "`" , "`" ;
    value      = string | number | "true" | "false" ;
    string     = '"' , { any | "\" , ( '"' | "\" | "n" | "t" | "r" | "uXXXX" ) } , '"' ;
    number     = [ "-" ] , digits , [ "." , digits ] , [ ( "e" | "E" ) , [ "+" | "-" ] , digits ] ;

Key words are not case-sensitive. ``matches`` takes an RE2 pattern. A comparison with null is
false, so ``not x = 1`` is true where x is null.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from stresslab.errors import ConditionError

Value = str | int | float | bool
T = TypeVar("T")

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "contains", "matches")
KEYWORDS = frozenset(
    ("and", "or", "not", "in", "is", "null", "true", "false", "contains", "matches", "within")
)
MAX_TEXT = 20_000
MAX_DEPTH = 100
MAX_PATTERN = 1_000
MAX_POINTS = 200


@dataclass(frozen=True)
class Field:
    """A column, e.g. ``Field(("item", "length"))`` for ``item.length``."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Compare:
    """``field op value``; `op` is one of `OPERATORS`."""

    field: Field
    op: str
    value: Value


@dataclass(frozen=True)
class In:
    """``field in (values)``."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True)
class IsNull:
    """``field is null``."""

    field: Field


@dataclass(frozen=True)
class Within:
    """The point `field` lies in a polygon of at most 200 corners."""

    field: Field
    polygon: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Predicate"


@dataclass(frozen=True)
class And:
    """All parts hold."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True)
class Or:
    """At least one part holds."""

    parts: tuple["Predicate", ...]


Predicate = Compare | In | IsNull | Within | Not | And | Or


def parse(text: str) -> Predicate | None:
    """Return the tree of a condition; None if `text` is blank.

    Raises
    ------
    ConditionError
        With the position, what was expected there and what was seen.
    """
    if len(text) > MAX_TEXT:
        raise ConditionError(
            f"A condition may have {MAX_TEXT} characters; this one has {len(text)}. Shorten it."
        )
    if not text.strip():
        return None
    return _Parser(text).whole()


def from_query(text: str) -> Predicate | None:
    """Return the tree of a condition found in a link; the link carries the text itself."""
    return parse(text)


def to_query(predicate: Predicate | None) -> str:
    """Return the value of the query parameter `where`: the canonical text, or ``""``."""
    return "" if predicate is None else to_text(predicate)


def to_text(predicate: Predicate) -> str:
    """Return the canonical text of a tree; `parse` gives the tree back."""
    match predicate:
        case Compare(field, op, value):
            return f"{_field_text(field)} {op} {_value_text(value)}"
        case In(field, values):
            return f"{_field_text(field)} in ({', '.join(map(_value_text, values))})"
        case IsNull(field):
            return f"{_field_text(field)} is null"
        case Not(In(field, values)):
            return f"{_field_text(field)} not in ({', '.join(map(_value_text, values))})"
        case Not(IsNull(field)):
            return f"{_field_text(field)} is not null"
        case Not(part):
            return f"not {_inner_text(part)}"
        case Within(field, polygon):
            corners = ", ".join(f"[{_value_text(x)}, {_value_text(y)}]" for x, y in polygon)
            return f"within({_field_text(field)}, [{corners}])"
        case And(parts):
            return " and ".join(map(_inner_text, parts))
        case Or(parts):
            return " or ".join(
                f"({to_text(part)})" if isinstance(part, Or) else to_text(part) for part in parts
            )


def fields_of(predicate: Predicate | None) -> tuple[Field, ...]:
    """Return the columns a condition reads, each once, in order of appearance."""
    match predicate:
        case None:
            return ()
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(one for part in parts for one in fields_of(part)))
        case Not(part):
            return fields_of(part)
        case _:
            return (predicate.field,)


def all_of(*predicates: Predicate | None) -> Predicate | None:
    """Return the condition that every given condition holds; None if none is given."""
    parts: list[Predicate] = []
    for one in predicates:
        for part in one.parts if isinstance(one, And) else (one,):
            if part is not None and part not in parts:
                parts.append(part)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _inner_text(part: Predicate) -> str:
    text = to_text(part)
    return f"({text})" if isinstance(part, And | Or) else text


_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def _field_text(field: Field) -> str:
    return ".".join(
        part if _PLAIN_NAME.match(part) and part.lower() not in KEYWORDS else f"`{part}`"
        for part in field.parts
    )


def _value_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


@dataclass(frozen=True)
class _Token:
    kind: str  # name, quoted, string, number, sign, end
    text: str
    start: int

    def is_word(self, word: str) -> bool:
        return self.kind == "name" and self.text.lower() == word


_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<quoted>`[^`]+`)
    |(?P<number>-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    |(?P<sign>!=|<=|>=|==|<>|[=<>(),.\[\]])""",
    re.VERBOSE | re.DOTALL,
)


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ConditionError(_wrong(text, at, _lexical_hint(text[at])))
        if match.lastgroup != "blank":
            found.append(_Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    return [*found, _Token("end", "", len(text))]


def _lexical_hint(char: str) -> str:
    if char == '"':
        return 'a closing quotation mark " is missing'
    if char == "`":
        return "a closing back-tick ` is missing"
    if char == "'":
        return 'texts stand in double quotation marks, like "news"'
    return f"{char!r} has no meaning here"


def _wrong(text: str, at: int, what: str) -> str:
    start, end = max(0, at - 30), at + 30
    shown = text[start:end].replace("\n", " ")
    caret = " " * (at - start) + "^"
    return f"A condition cannot be read at character {at + 1}: {what}.\n  {shown}\n  {caret}"


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def whole(self) -> Predicate:
        tree = self.either()
        if self.now.kind != "end":
            self.fail('expected "and", "or" or the end')
        return tree

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def fail(self, what: str) -> NoReturn:
        seen = f"got {self.now.text!r}" if self.now.kind != "end" else "the text ends"
        raise ConditionError(_wrong(self.text, self.now.start, f"{what}; {seen}"))

    def take(self) -> _Token:
        token = self.now
        self.at += token.kind != "end"
        return token

    def word(self, word: str) -> bool:
        if self.now.is_word(word):
            self.at += 1
            return True
        return False

    def sign(self, sign: str) -> bool:
        if self.now.kind == "sign" and self.now.text == sign:
            self.at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.sign(sign):
            self.fail(f"expected {sign!r}")

    def either(self) -> Predicate:
        return self.chain("or", self.both, Or)

    def both(self) -> Predicate:
        return self.chain("and", self.negated, And)

    def chain(
        self, word: str, part: Callable[[], Predicate], kind: type[And] | type[Or]
    ) -> Predicate:
        parts = [part()]
        while self.word(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else kind(tuple(parts))

    def negated(self) -> Predicate:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"at most {MAX_DEPTH} parentheses and negations may be nested")
        tree: Predicate = Not(self.negated()) if self.word("not") else self.primary()
        self.depth -= 1
        return tree

    def primary(self) -> Predicate:
        if self.sign("("):
            tree = self.either()
            self.expect(")")
            return tree
        if self.now.is_word("within"):
            return self.within()
        return self.test()

    def within(self) -> Predicate:
        self.take()
        self.expect("(")
        field = self.field()
        self.expect(",")
        corners = self.listed("[", self.corner, "]")
        self.expect(")")
        if not 3 <= len(corners) <= MAX_POINTS:
            self.fail(f"a polygon has 3 to {MAX_POINTS} corners, not {len(corners)}")
        return Within(field, tuple(corners))

    def corner(self) -> tuple[float, float]:
        self.expect("[")
        x = self.number()
        self.expect(",")
        y = self.number()
        self.expect("]")
        return x, y

    def number(self) -> float:
        value = self.value()
        if isinstance(value, str | bool):
            self.at -= 1
            self.fail("expected a number")
        return float(value)

    def test(self) -> Predicate:
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
        op = self.now.text.lower()
        if op not in OPERATORS or self.now.kind not in ("sign", "name"):
            near = {"==": "=", "<>": "!=", "like": "contains", "is_null": "is null"}.get(op)
            self.fail(
                f"expected {near}" if near else f"expected one of {', '.join(OPERATORS)}, in, is"
            )
        self.take()
        value = self.value()
        if op in ("contains", "matches") and not isinstance(value, str):
            self.at -= 1
            self.fail(f"{op} needs a text in double quotation marks")
        if op == "matches" and isinstance(value, str) and len(value) > MAX_PATTERN:
            self.fail(f"a pattern may have {MAX_PATTERN} characters, not {len(value)}")
        return Compare(field, op, value)

    def listed(self, opening: str, part: Callable[[], T], closing: str) -> list[T]:
        self.expect(opening)
        found = [part()]
        while self.sign(","):
            found.append(part())
        self.expect(closing)
        return found

    def field(self) -> Field:
        parts = [self.name()]
        while self.sign("."):
            parts.append(self.name())
        return Field(tuple(parts))

    def name(self) -> str:
        token = self.now
        if token.kind == "quoted":
            return self.take().text[1:-1]
        if token.kind != "name" or token.text.lower() in KEYWORDS:
            self.fail("expected the name of a column, like domain or item.length")
        return self.take().text

    def value(self) -> Value:
        token = self.now
        if token.kind == "string":
            try:
                text = json.loads(token.text, strict=False)
            except json.JSONDecodeError:
                self.fail("a text has an unknown escape; use \\\\ for a backslash")
            self.take()
            return str(text)
        if token.kind == "number":
            self.take()
            whole = re.fullmatch(r"-?\d+", token.text)
            return int(token.text) if whole and len(token.text) < 19 else float(token.text)
        for word, truth in (("true", True), ("false", False)):
            if self.word(word):
                return truth
        self.fail('expected a value: a "text", a number, true or false')
