r"""Conditions on rows: a small typed language, as a tree, as text and as a query parameter.

Grammar (EBNF)::

    condition  = or ;
    or         = and , { "or" , and } ;
    and        = not , { "and" , not } ;
    not        = "not" , not | primary ;
    primary    = "(" , or , ")" | within | saved | test ;
    within     = "within" , "(" , field , "," , "[" , point , { "," , point } , "]" , ")" ;
    saved      = "slice" , "(" , string , ")" ;
    point      = "[" , number , "," , number , "]" ;
    test       = field , ( comparison | membership | nullity ) ;
    comparison = ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "matches" ) , value ;
    membership = [ "not" ] , "in" , "(" , value , { "," , value } , ")" ;
    nullity    = "is" , [ "not" ] , "null" ;
    field      = name , { "." , name } ;
    name       = letter , { letter | digit | "_" | "-" } | "`" , { any but "`" | "``" } , "`" ;
    letter     = "A" | ... | "Z" | "a" | ... | "z" | "_" ;
    value      = string | number | "true" | "false" ;
    string     = '"' , { any but '"' and "\" | "\" , escape } , '"' ;
    escape     = '"' | "\" | "/" | "b" | "f" | "n" | "r" | "t" | "u" , 4 * hex ;
    number     = [ "-" ] , decimal , [ ( "e" | "E" ) , [ "+" | "-" ] , digits ] ;
    decimal    = digits , [ "." , [ digits ] ] | "." , digits ;

Key words are not case-sensitive. ``matches`` takes an RE2 pattern; ``slice`` stands for a saved
condition, put in its place by `stresslab.saved_slices` before anything is asked. A comparison with
null is false, so ``not x = 1`` is true where x is null. Whole numbers have 64 bits, other numbers
are finite; a text has at most 20,000 characters and 100 nested parentheses and negations.
"""

import json
import math
import re

from stresslab._condition_parser import Parser
from stresslab._condition_tree import (
    KEYWORDS,
    MAX_DEPTH,
    MAX_PATTERN,
    MAX_POINTS,
    MAX_TEXT,
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

__all__ = [
    "KEYWORDS", "MAX_DEPTH", "MAX_PATTERN", "MAX_POINTS", "MAX_TEXT", "OPERATORS", "And", "Compare",
    "Field", "In", "IsNull", "Named", "Not", "Or", "Predicate", "Value", "Within", "all_of",
    "fields_of", "from_query", "parse", "to_query", "to_text",
]  # fmt: skip


def parse(text: str) -> Predicate | None:
    """Return the tree of a condition; None if `text` is blank.

    Raises
    ------
    ConditionError
        With the position, what was expected there and what was seen.
    """
    _check_length(len(text), "this one has")
    if not text.strip():
        return None
    tree = Parser(text).whole()
    _check_length(len(to_text(tree)), "this one, written out, has")
    return tree


def _check_length(n: int, seen: str) -> None:
    if n > MAX_TEXT:
        raise ConditionError(f"A condition may have {MAX_TEXT} characters; {seen} {n}. Shorten it.")


def from_query(text: str) -> Predicate | None:
    """Return the tree of a condition found in a link; the link carries the text itself."""
    return parse(text)


def to_query(predicate: Predicate | None) -> str:
    """Return the value of the query parameter `where`: the canonical text, or ``""``."""
    return "" if predicate is None else to_text(predicate)


def to_text(predicate: Predicate) -> str:
    """Return the canonical text of a tree; `parse` gives the tree back.

    Raises
    ------
    ConditionError
        If the tree holds a number that is not finite.
    """
    match predicate:
        case Compare(field, op, value):
            return f"{_field_text(field)} {op} {_value_text(value)}"
        case In(field, values):
            return f"{_field_text(field)} in ({', '.join(map(_value_text, values))})"
        case IsNull(field):
            return f"{_field_text(field)} is null"
        case Named(name):
            return f"slice({_value_text(name)})"
        case Not(part):
            return _denied_text(part)
        case Within(field, polygon):
            corners = ", ".join(
                f"[{_value_text(float(x))}, {_value_text(float(y))}]" for x, y in polygon
            )
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
        case Named(name):
            raise ConditionError(f"slice({name!r}) stands for a saved slice; expand it first.")
        case _:
            return (predicate.field,)


def all_of(*predicates: Predicate | None) -> Predicate | None:
    """Return the condition that every given condition holds; None if none is given."""
    parts: dict[str, Predicate] = {}  # by text: `x = 1` and `x = true` are equal as trees
    for one in predicates:
        for part in one.parts if isinstance(one, And) else (one,):
            if part is not None:
                parts.setdefault(to_text(part), part)
    if len(parts) < 2:
        return next(iter(parts.values()), None)
    return And(tuple(parts.values()))


def _denied_text(part: Predicate) -> str:
    match part:
        case In(field, values):
            return f"{_field_text(field)} not in ({', '.join(map(_value_text, values))})"
        case IsNull(field):
            return f"{_field_text(field)} is not null"
        case _:
            return f"not {_inner_text(part)}"


def _inner_text(part: Predicate) -> str:
    text = to_text(part)
    return f"({text})" if isinstance(part, And | Or) else text


_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def _field_text(field: Field) -> str:
    return ".".join(
        part
        if _PLAIN_NAME.match(part) and part.lower() not in KEYWORDS
        else "`" + part.replace("`", "``") + "`"
        for part in field.parts
    )


def _value_text(value: Value) -> str:
    value = getattr(value, "item", lambda: value)()  # a number of numpy's
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if not math.isfinite(value):
        raise ConditionError(f"A condition takes finite numbers; got {value!r}. Use is null.")
    return repr(value)
