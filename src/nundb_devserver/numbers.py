"""Numbers as Rust reads them, calculates with them and prints them."""


def wrap(number: int) -> int:
    """Bring a number into 32 bits, as the original's release build does on overflow."""
    return (number + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000


def parse_i32(text: str) -> int | None:
    """Read a number as Rust's i32::from_str_radix does: an optional sign, digits, 32 bits."""
    digits = text[1:] if text.startswith(("+", "-")) else text
    number = _digits(digits, longest=10)
    if number is None:
        return None
    signed = -number if text.startswith("-") else number
    return signed if wrap(signed) == signed else None


def parse_unsigned(text: str, bits: int) -> int | None:
    """Read a number as Rust's str::parse does for u64 and u128: an optional plus, digits, so many bits."""
    number = _digits(text.removeprefix("+"), longest=39)
    return number if number is not None and number < 1 << bits else None


def float_text(value: float) -> str:
    """Write a float as Rust's `{:?}` does: the shortest decimal that reads back, `1e16` and `9.999e-5` at the ends.

    Python chooses the same digits and the same two borders (1e16 and 1e-4); only the exponent's form differs.
    """
    text = repr(value)
    mantissa, exponent_mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent_mark else text


def plain_float_text(value: float) -> str:
    """Write a float as compilers before 2022 did: never an exponent, always a decimal point."""
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    shift = int(exponent)
    if shift < 0:
        return "0." + "0" * (-shift - len(whole)) + whole + ("" if fraction == "0" else fraction)
    return whole + fraction.ljust(shift, "0") + ".0"


def duration_text(nanoseconds: int) -> str:
    """Write a duration as Rust's `{:?}` does: the largest of ns, µs, ms, s that is at least 1, no trailing zeros."""
    for size, digits, unit in ((1_000_000_000, 9, "s"), (1_000_000, 6, "ms"), (1_000, 3, "µs")):
        if nanoseconds >= size:
            whole, rest = divmod(nanoseconds, size)
            fraction = f"{rest:0{digits}d}".rstrip("0")
            return f"{whole}.{fraction}{unit}" if fraction else f"{whole}{unit}"
    return f"{nanoseconds}ns"


def _digits(text: str, longest: int) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    significant = text.lstrip("0") or "0"
    return int(significant) if len(significant) <= longest else None
