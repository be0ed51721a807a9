"""Numbers in words, the same in Python and in the browser (`js/decimals.js`)."""

from __future__ import annotations

import math


def fixed(number: float, digits: int) -> str:
    """Return a number with a fixed count of decimals: rounded half away from 0, and never `-0`.

    Python and JavaScript break ties differently, and may differ in a number's last bit. A millionth of the last
    decimal is therefore too little to miss a tie by.

    Examples
    --------
    >>> fixed(0.125, 2), fixed(-2.5, 0), fixed(-0.001, 2)
    ('0.13', '-3', '0.00')
    """
    whole = math.floor(abs(number) * 10**digits + 0.5 + 1e-6)
    return f"{'-' if number < 0 and whole else ''}{whole / 10**digits:.{digits}f}"


def trimmed(number: float, digits: int) -> str:
    """Return a number with at most so many decimals: zeros at the end go.

    Examples
    --------
    >>> trimmed(137.2, 2), trimmed(80.0, 2), trimmed(0.28, 4)
    ('137.2', '80', '0.28')
    """
    text = fixed(number, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(number: float, digits: int) -> str:
    """Return a number with at most so many decimals, and with its sign, unless it is 0.

    Examples
    --------
    >>> signed(6.8, 2), signed(-22.8, 2), signed(0.0, 2)
    ('+6.8', '-22.8', '0')
    """
    text = trimmed(number, digits)
    return text if text.startswith("-") or text == "0" else f"+{text}"


def counted(number: int, thing: str) -> str:
    """Return a count with its noun in the singular or the plural.

    Examples
    --------
    >>> counted(1, "cell"), counted(12, "cell")
    ('1 cell', '12 cells')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"
