// The numbers of every dtype, from bytes in little-endian order.

interface Kind {
  size: number;
  decode: (bytes: Uint8Array) => ArrayLike<number>;
}

function aligned(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

function wide(size: number, get: (view: DataView, at: number) => number): Kind {
  return {
    size,
    decode: (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return Float64Array.from({ length: Math.floor(bytes.length / size) }, (_, at) => get(view, at * size));
    },
  };
}

type Special = "ieee" | "fn" | "fnuz" | "finite";

/** The number of a code: sign, exponent, mantissa with an implied leading 1. */
function small(code: number, exponentBits: number, mantissaBits: number, bias: number, special: Special): number {
  const signBit = 1 << (exponentBits + mantissaBits);
  const exponent = (code >> mantissaBits) & ((1 << exponentBits) - 1);
  const mantissa = code & ((1 << mantissaBits) - 1);
  const isHighest = exponent === (1 << exponentBits) - 1;
  const sign = code & signBit ? -1 : 1;
  if (special === "fnuz" && code === signBit) return NaN;
  if (special === "ieee" && isHighest) return mantissa ? NaN : sign * Infinity;
  if (special === "fn" && isHighest && mantissa === (1 << mantissaBits) - 1) return NaN;
  const part = mantissa / (1 << mantissaBits);
  return sign * (exponent ? (1 + part) * 2 ** (exponent - bias) : part * 2 ** (1 - bias));
}

function bytewise(number: (code: number) => number): Kind {
  const table = Float64Array.from({ length: 256 }, (_, code) => number(code));
  return { size: 1, decode: (bytes) => Float64Array.from(bytes, (code) => table[code]) };
}

const float8 = (exponent: number, mantissa: number, bias: number, special: Special) =>
  bytewise((code) => small(code, exponent, mantissa, bias, special));

const unsigned: Kind = { size: 1, decode: (bytes) => bytes };
const signed: Kind = { size: 1, decode: (bytes) => new Int8Array(aligned(bytes)) };
const int16 = wide(2, (view, at) => view.getInt16(at, true));
const uint16 = wide(2, (view, at) => view.getUint16(at, true));
const int32 = wide(4, (view, at) => view.getInt32(at, true));
const float32: Kind = { size: 4, decode: (bytes) => new Float32Array(aligned(bytes)) };
const absolute = (size: number, real: (view: DataView, at: number) => number) =>
  wide(2 * size, (view, at) => Math.hypot(real(view, at), real(view, at + size)));

const KINDS: Record<string, Kind> = {
  float32,
  float64: { size: 8, decode: (bytes) => new Float64Array(aligned(bytes)) },
  float16: wide(2, (view, at) => small(view.getUint16(at, true), 5, 10, 15, "ieee")),
  bfloat16: { size: 2, decode: bfloat16 },
  int8: signed, int4: signed, int2: signed, qint8: signed,
  uint8: unsigned, uint4: unsigned, uint2: unsigned, quint8: unsigned, bool: unsigned,
  int16, qint16: int16, uint16, quint16: uint16, int32, qint32: int32,
  uint32: wide(4, (view, at) => view.getUint32(at, true)),
  int64: wide(8, (view, at) => Number(view.getBigInt64(at, true))),
  uint64: wide(8, (view, at) => Number(view.getBigUint64(at, true))),
  complex64: absolute(4, (view, at) => view.getFloat32(at, true)),
  complex128: absolute(8, (view, at) => view.getFloat64(at, true)),
  float8_e5m2: float8(5, 2, 15, "ieee"),
  float8_e4m3: float8(4, 3, 7, "ieee"),
  float8_e3m4: float8(3, 4, 3, "ieee"),
  float8_e4m3fn: float8(4, 3, 7, "fn"),
  float8_e4m3fnuz: float8(4, 3, 8, "fnuz"),
  float8_e4m3b11fnuz: float8(4, 3, 11, "fnuz"),
  float8_e5m2fnuz: float8(5, 2, 16, "fnuz"),
  float8_e8m0fnu: bytewise((code) => (code === 255 ? NaN : 2 ** (code - 127))),
  float6_e2m3fn: bytewise((code) => small(code & 63, 2, 3, 1, "finite")),
  float6_e3m2fn: bytewise((code) => small(code & 63, 3, 2, 3, "finite")),
  float4_e2m1fn: bytewise((code) => small(code & 15, 2, 1, 1, "finite")),
};

function bfloat16(bytes: Uint8Array): Float32Array {
  const whole = new Uint8Array(bytes.length * 2);
  for (let at = 0; at + 1 < bytes.length; at += 2) whole.set(bytes.subarray(at, at + 2), at * 2 + 2);
  return new Float32Array(whole.buffer);
}

/** The bytes of a number; 0 for a dtype that is not read. */
export function itemSize(dtype: string): number {
  return Object.hasOwn(KINDS, dtype) ? KINDS[dtype].size : 0;
}

/** The numbers of some bytes; of complex numbers their absolute values. */
export function numbers(dtype: string, bytes: Uint8Array): ArrayLike<number> {
  return KINDS[dtype].decode(bytes);
}
