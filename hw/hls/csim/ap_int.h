// SPDX-License-Identifier: Apache-2.0
// ap_int and ap_uint for C simulation where Vitis HLS is not installed: the part of them that our kernels use.
//
// Values of W bits, two's complement; what does not fit wraps around, conversions extend by the source's sign.
// Up to 64 bits (63 where unsigned) they convert to long long and calculate as such; wider ones are only
// stored, sliced, shifted, merged (|) and compared for equality.
#ifndef FPGAN_CSIM_AP_INT_H
#define FPGAN_CSIM_AP_INT_H

#include <cstdint>
#include <type_traits>

template <int W, bool S> class ap_int_base;

// Bits lo to hi of a word; reads and writes through.
template <int W, bool S> class ap_range_ref {
 public:
  ap_range_ref(const ap_int_base<W, S>* word, int hi, int lo)
      : word_(const_cast<ap_int_base<W, S>*>(word)), hi_(hi), lo_(lo) {}

  int length() const { return hi_ - lo_ + 1; }

  // 64 bits from bit `at` of the slice on, zeros beyond its end.
  std::uint64_t limb(int at) const {
    const int left = length() - at, bit = lo_ + at, index = bit / 64, shift = bit % 64;
    if (left <= 0) return 0;
    std::uint64_t value = word_->limbs[index] >> shift;
    if (shift != 0 && index + 1 < ap_int_base<W, S>::LIMBS) value |= word_->limbs[index + 1] << (64 - shift);
    return left >= 64 ? value : value & ((std::uint64_t(1) << left) - 1);
  }

  operator unsigned long long() const { return limb(0); }

  template <int W2, bool S2> ap_range_ref& operator=(const ap_int_base<W2, S2>& value) {
    for (int at = 0; at < length(); at += 64) put(at, value.limb(at / 64));
    return *this;
  }
  template <class T, typename std::enable_if<std::is_integral<T>::value, int>::type = 0>
  ap_range_ref& operator=(T value) {
    return *this = ap_int_base<64, std::is_signed<T>::value>(value);
  }
  ap_range_ref& operator=(const ap_range_ref& other) { return assign(other); }
  template <int W2, bool S2> ap_range_ref& operator=(const ap_range_ref<W2, S2>& other) { return assign(other); }

 private:
  template <class R> ap_range_ref& assign(const R& other) {
    for (int at = 0; at < length(); at += 64) put(at, other.limb(at));
    return *this;
  }
  void put(int at, std::uint64_t value) {
    const int count = length() - at < 64 ? length() - at : 64;
    const std::uint64_t mask = count == 64 ? ~std::uint64_t(0) : (std::uint64_t(1) << count) - 1;
    const int bit = lo_ + at, index = bit / 64, shift = bit % 64;
    std::uint64_t* limbs = word_->limbs;
    limbs[index] = (limbs[index] & ~(mask << shift)) | ((value & mask) << shift);
    if (shift + count > 64)
      limbs[index + 1] = (limbs[index + 1] & ~(mask >> (64 - shift))) | ((value & mask) >> (64 - shift));
    word_->wrap();
  }

  ap_int_base<W, S>* word_;
  int hi_, lo_;
};

template <int W, bool S> class ap_int_base {
  static_assert(W > 0, "a word has at least one bit");

 public:
  static constexpr int LIMBS = (W + 63) / 64;
  static constexpr int width = W;
  std::uint64_t limbs[LIMBS];  // the last one extended to 64 bits by the sign

  constexpr ap_int_base() : limbs{} {}
  template <class T, typename std::enable_if<std::is_integral<T>::value, int>::type = 0>
  constexpr ap_int_base(T value) : limbs{} {
    limbs[0] = static_cast<std::uint64_t>(value);
    for (int i = 1; i < LIMBS; i++) limbs[i] = value < T(0) ? ~std::uint64_t(0) : 0;
    wrap();
  }
  template <int W2, bool S2> constexpr ap_int_base(const ap_int_base<W2, S2>& other) : limbs{} {
    for (int i = 0; i < LIMBS; i++) limbs[i] = other.limb(i);
    wrap();
  }
  template <int W2, bool S2> ap_int_base(const ap_range_ref<W2, S2>& slice) : limbs{} {
    for (int i = 0; i < LIMBS; i++) limbs[i] = slice.limb(64 * i);
    wrap();
  }

  // Limb i of the value extended without end.
  constexpr std::uint64_t limb(int i) const {
    return i < LIMBS ? limbs[i] : S && limbs[LIMBS - 1] >> 63 ? ~std::uint64_t(0) : 0;
  }
  // Keep W bits.
  constexpr void wrap() {
    if (W % 64 != 0) {
      const int spare = (64 - W % 64) % 64;
      const std::uint64_t top = limbs[LIMBS - 1] << spare;
      limbs[LIMBS - 1] = S ? static_cast<std::uint64_t>(static_cast<std::int64_t>(top) >> spare) : top >> spare;
    }
  }

  constexpr operator long long() const {
    static_assert(W < 64 || (W == 64 && S), "slice a wide word before calculating with it");
    return static_cast<long long>(limbs[0]);
  }
  constexpr int to_int() const { return static_cast<int>(limbs[0]); }

  ap_range_ref<W, S> range(int hi, int lo) { return ap_range_ref<W, S>(this, hi, lo); }
  const ap_range_ref<W, S> range(int hi, int lo) const { return ap_range_ref<W, S>(this, hi, lo); }

  ap_int_base& operator+=(long long value) { return *this = ap_int_base(static_cast<long long>(*this) + value); }
  ap_int_base& operator-=(long long value) { return *this = ap_int_base(static_cast<long long>(*this) - value); }

 protected:
  ap_int_base shifted_left(int n) const {
    ap_int_base result;
    if (n < W) result.range(W - 1, n) = range(W - 1 - n, 0);
    return result;
  }
  ap_int_base shifted_right(int n) const {
    const bool negative = S && limbs[LIMBS - 1] >> 63;
    ap_int_base result = negative ? ap_int_base(-1) : ap_int_base(0);
    if (n < W) result.range(W - 1 - n, 0) = range(W - 1, n);
    return result;
  }
};

#define FPGAN_AP_TYPE(NAME, SIGNED)                                                                     \
  template <int W> class NAME : public ap_int_base<W, SIGNED> {                                         \
    typedef ap_int_base<W, SIGNED> Base;                                                                \
                                                                                                        \
   public:                                                                                              \
    constexpr NAME() {}                                                                                 \
    template <class T> constexpr NAME(const T& value) : Base(value) {}                                  \
    template <class T> NAME operator<<(const T& n) const { return this->shifted_left(int(n)); }         \
    template <class T> NAME operator>>(const T& n) const { return this->shifted_right(int(n)); }        \
  };                                                                                                    \
  template <int W, typename std::enable_if<(W > 63), int>::type = 0>                                    \
  NAME<W> operator|(const NAME<W>& a, const NAME<W>& b) {                                               \
    NAME<W> result;                                                                                     \
    for (int i = 0; i < result.LIMBS; i++) result.limbs[i] = a.limbs[i] | b.limbs[i];                   \
    return result;                                                                                      \
  }                                                                                                     \
  template <int W, typename std::enable_if<(W > 63), int>::type = 0>                                    \
  bool operator==(const NAME<W>& a, const NAME<W>& b) {                                                 \
    for (int i = 0; i < a.LIMBS; i++)                                                                   \
      if (a.limbs[i] != b.limbs[i]) return false;                                                       \
    return true;                                                                                        \
  }                                                                                                     \
  template <int W, typename std::enable_if<(W > 63), int>::type = 0>                                    \
  bool operator!=(const NAME<W>& a, const NAME<W>& b) {                                                 \
    return !(a == b);                                                                                   \
  }
FPGAN_AP_TYPE(ap_int, true)
FPGAN_AP_TYPE(ap_uint, false)
#undef FPGAN_AP_TYPE

#endif
