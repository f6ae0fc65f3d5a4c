// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/evidence/elements.h"

#include <bit>
#include <cstring>

namespace fedsleuth::storage {

using model::ElementType;

namespace {

static_assert(std::endian::native == std::endian::little,
              "the decoder swaps bytes as seen from a little-endian machine");

template <class Word>
Word swapped(Word word)
{
    if constexpr (sizeof(Word) == 1) return word;
    if constexpr (sizeof(Word) == 2) return static_cast<Word>(__builtin_bswap16(word));
    if constexpr (sizeof(Word) == 4) return static_cast<Word>(__builtin_bswap32(word));
    if constexpr (sizeof(Word) == 8) return static_cast<Word>(__builtin_bswap64(word));
}

/// Applies `convert` to each stored word.
template <class Word, class Out, class Convert>
void each(bool big_endian, const std::byte* in, std::int64_t count, Out* out, Convert convert)
{
    for (std::int64_t idx = 0; idx < count; ++idx) {
        Word word;
        std::memcpy(&word, in + idx * static_cast<std::int64_t>(sizeof(Word)), sizeof(Word));
        out[idx] = convert(big_endian ? swapped(word) : word);
    }
}

/// IEEE 754 binary16 to binary32; exact.
float from_half(std::uint16_t half)
{
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
    const std::uint32_t exponent = (half >> 10) & 0x1fu;
    const std::uint32_t mantissa = half & 0x3ffu;
    if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;  // subnormal or zero: exact in float32
    return sign != 0 ? -magnitude : magnitude;
}

template <class Word, class Integer>
void integers(bool big_endian, const std::byte* in, std::int64_t count, std::int64_t* out)
{
    each<Word>(big_endian, in, count, out,
               [](Word word) { return static_cast<std::int64_t>(static_cast<Integer>(word)); });
}

}  // namespace

void decode_floats(ElementType type, bool big_endian, const std::byte* in, std::int64_t count, float* out)
{
    switch (type) {
        case ElementType::float16:
            each<std::uint16_t>(big_endian, in, count, out, from_half);
            break;
        case ElementType::bfloat16:
            each<std::uint16_t>(big_endian, in, count, out,
                                [](std::uint16_t word) { return std::bit_cast<float>(std::uint32_t{word} << 16); });
            break;
        case ElementType::float32:
            each<std::uint32_t>(big_endian, in, count, out,
                                [](std::uint32_t word) { return std::bit_cast<float>(word); });
            break;
        case ElementType::float64:
            each<std::uint64_t>(big_endian, in, count, out,
                                [](std::uint64_t word) { return static_cast<float>(std::bit_cast<double>(word)); });
            break;
        default:
            break;  // callers ask for floats of float types alone
    }
}

void decode_integers(ElementType type, bool big_endian, const std::byte* in, std::int64_t count, std::int64_t* out)
{
    switch (type) {
        case ElementType::int8:
            integers<std::uint8_t, std::int8_t>(big_endian, in, count, out);
            break;
        case ElementType::int16:
            integers<std::uint16_t, std::int16_t>(big_endian, in, count, out);
            break;
        case ElementType::int32:
            integers<std::uint32_t, std::int32_t>(big_endian, in, count, out);
            break;
        case ElementType::int64:
            integers<std::uint64_t, std::int64_t>(big_endian, in, count, out);
            break;
        case ElementType::uint8:
            integers<std::uint8_t, std::uint8_t>(big_endian, in, count, out);
            break;
        case ElementType::uint16:
            integers<std::uint16_t, std::uint16_t>(big_endian, in, count, out);
            break;
        case ElementType::uint32:
            integers<std::uint32_t, std::uint32_t>(big_endian, in, count, out);
            break;
        case ElementType::uint64:
            integers<std::uint64_t, std::uint64_t>(big_endian, in, count, out);
            break;
        case ElementType::boolean:
            each<std::uint8_t>(false, in, count, out, [](std::uint8_t word) { return std::int64_t{word != 0}; });
            break;
        default:
            break;
    }
}

}  // namespace fedsleuth::storage
