"""Solady's `lnWad` in exact integers: natural logarithm of a number with 18 decimals, with 18 decimals."""

from __future__ import annotations

# The (8, 8)-term rational approximation in 2^96 fixed point.
_NUMERATOR = (
    3273285459638523848632254066296,
    24828157081833163892658089445524,
    43456485725739037958740375743393,
)
_DENOMINATOR = (
    71694874799317883764090561454958,
    283447036172924575727196451306956,
    401686690394027663651624208769553,
    204048457590392012362485061816622,
    31853899698501571402653359427138,
    909429971244387300277376558375,
)


def ln_wad(number: int) -> int:
    """The contract's result to the last digit.

    Raises:
        ValueError: the number is not above zero, or not below 2**255.
    """
    if not 0 < number < 2**255:
        raise ValueError(f"the logarithm of {number} is not defined; expected 1 to 2**255 - 1")
    power = number.bit_length() - 1
    x = number << (255 - power) >> 159  # [1, 2) * 2**96
    p = x
    for term in _NUMERATOR:
        p = (p + term) * x >> 96
    p -= 11111509109440967052023855526967
    p = (p * x >> 96) - 45023709667254063763336534515857
    p = (p * x >> 96) - 14706773417378608786704636184526
    p = p * x - (795164235651350426258249787498 << 96)
    q = 5573035233440673466300451813936 + x
    for term in _DENOMINATOR:
        q = term + (x * q >> 96)
    quotient = abs(p) // q if p >= 0 else -(abs(p) // q)
    result = 1677202110996718588342820967067443963516166 * quotient
    result += 16597577552685614221487285958193947469193820559219878177908093499208371 * (power - 96)
    result += 600920179829731861736702779321621459595472258049074101567377883020018308
    return result >> 174
