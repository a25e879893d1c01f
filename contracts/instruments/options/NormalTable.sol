// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice The distribution function of the normal distribution, by a table that the using contract carries in its code.
///
/// Segments a quarter wide from -6.25 to 6.25. A place is an integer: `2^44` to a segment, hence `2^46` to a unit, beginning
/// at -6.25. Its lowest 44 bits are `t`, the place within the segment, what is above them is the segment's number. On a
/// segment the function is a polynomial of degree five in `t`, its coefficients packed into one word:
///
///     bits     0-55   56-109  110-159  160-207  208-234  235-255
///              c0     c1      c2       c3       c4       c5
///     unit     2^-56  2^-56   2^-56    2^-56    2^-39    2^-36
///
/// all but c0 with a sign. A coefficient is read with the bits below it in the word as further digits; they are always the
/// same, and the table is made with them. Values agree where segments meet, to 2^-57, and slopes to 2^-54. Before the table
/// the function stays at 0, behind it at 1 less 2^-55; it is 1.3e-9 away from the distribution at most.
/// scripts/model/normal_table.py makes the table.
library NormalTable {
    /// @dev The place of zero: halfway.
    int256 internal constant ORIGIN = 25 << 44;
    /// @dev The last place.
    uint256 private constant LAST = (50 << 44) - 1;
    uint256 private constant T_MASK = 2 ** 44 - 1;

    /// @notice Copies the table into memory, for who evaluates it often.
    function load() internal pure returns (bytes memory table) {
        return bytes.concat(_block(0), _block(1), _block(2), _block(3), _block(4), _block(5), _block(6));
    }

    /// @notice The distribution function, in units of `2^-128`.
    /// @dev Horner's scheme with nothing rounded on the way: `t` has 44 bits, so each coefficient is read 44 bits higher than
    /// the one before, from units of `2^-36` for c5 to `2^-256` for c0. Left to the top of the word, right for sign and unit.
    /// @param place counted from -6.25; places outside of the table are its nearest end
    function cdf(int256 place) internal pure returns (uint256) {
        uint256 inside = _inside(place);
        return _polynomial(_block(inside >> 47), (inside >> 39) & 0xe0, inside);
    }

    /// @notice As `cdf`.
    /// @param table as `load` gave it
    function at(bytes memory table, int256 place) internal pure returns (uint256) {
        uint256 inside = _inside(place);
        return _polynomial(table, (inside >> 39) & 0x7e0, inside);
    }

    /// @notice The density: the slope of `cdf`, in units of `2^-128`; 0 outside of the table.
    /// @param table as `load` gave it
    function density(bytes memory table, int256 place) internal pure returns (uint256 perUnit) {
        if (place < 0 || place > int256(LAST)) return 0;
        assembly ("memory-safe") {
            let word := mload(add(add(table, 32), shl(5, shr(44, place))))
            let t := and(place, T_MASK)
            perUnit := add(mul(mul(sar(235, word), 5), t), mul(sar(188, shl(21, word)), 4))
            perUnit := add(mul(perUnit, t), mul(sar(140, shl(48, word)), 3))
            perUnit := add(mul(perUnit, t), mul(sar(94, shl(96, word)), 2))
            perUnit := add(mul(perUnit, t), sar(46, shl(146, word)))
            // This is per segment, in units of 2^-212, and a unit has four segments.
            perUnit := shr(82, mul(perUnit, sgt(perUnit, 0)))
        }
    }

    /// @dev The nearest place of the table.
    function _inside(int256 place) private pure returns (uint256 inside) {
        assembly ("memory-safe") {
            inside := mul(place, sgt(place, 0))
            if sgt(inside, LAST) {
                inside := LAST
            }
        }
    }

    /// @param offset of the word among the words
    function _polynomial(
        bytes memory words,
        uint256 offset,
        uint256 place
    ) private pure returns (uint256 probability) {
        assembly ("memory-safe") {
            let word := mload(add(add(words, 32), offset))
            let t := and(place, T_MASK)
            probability := add(mul(sar(235, word), t), sar(188, shl(21, word)))
            probability := add(mul(probability, t), sar(140, shl(48, word)))
            probability := add(mul(probability, t), sar(94, shl(96, word)))
            probability := add(mul(probability, t), sar(46, shl(146, word)))
            probability := shr(128, add(mul(probability, t), shl(200, word)))
        }
    }

    /// @dev Eight segments. A single value needs no more than the block that its place lies in.
    function _block(uint256 number) private pure returns (bytes memory) {
        if (number < 4) {
            if (number < 2) return number == 0 ? BLOCK_0 : BLOCK_1;
            return number == 2 ? BLOCK_2 : BLOCK_3;
        }
        if (number < 6) return number == 4 ? BLOCK_4 : BLOCK_5;
        return BLOCK_6;
    }

    bytes private constant BLOCK_0 =
        hex"0000100000100000009915970000004635da400000016930a800000000000000"
        hex"00003800004e00000279ee3d0000013858eac000000686203f000000035b1da8"
        hex"0000c8000128000009e051aa0000051381334000001c56b24d00000012488fcf"
        hex"00028000045600002471e066000013d42739c0000073a3b0e500000050ad9893"
        hex"000778000eed00007e1245b8000048981f85800001bb4a8be500000145bfc6c5"
        hex"0014b8002f7d0001981e8def0000f912cd994000063c5a593d000004ce471679"
        hex"0034f0008c770004d2353963000320c9a62740001518646fe00000110f75340d"
        hex"007cb8018019000d9f41b45500096bab10ba4000430a694d6a000039000375f7";

    bytes private constant BLOCK_1 =
        hex"010d8803cadc0023ebd2b397001a917ea9ed0000c8257ef0a70000b351fcbaba"
        hex"02137008d7bc00584f7a7ba00046245dec68400231531c5bf40002135a1106f4"
        hex"03b40812f8bb00ca23a76f7600ad45c1e6738005c6e4bb34d90005cb647790da"
        hex"05e5f82550e501ae137b2c7501904d121fde800e4c4be8bd28000f3edd67d08b"
        hex"0831a842efc50350bd51801003604d91fe8780213e71c34eeb0025d0dece3cfe"
        hex"0974586ca032060d410caeef06ceaaa7c0b440489c84ffdddb00587787050cb8"
        hex"07e0209d6a1e0a2dbed055fd0ccdd18a8f6a0094fd2a6420b500c34820c4a86e"
        hex"018108c6fab40fb06274d5e2166fd6604bcb811f2f0559ef6b0196f4e49f7124";

    bytes private constant BLOCK_2 =
        hex"f56590d0ac6f15faae8af5072490ac0fc85d420805bfab4cf10321249d678500"
        hex"e514189c993a1b9c773427a73749b9cf21dbc3749686e31ec705d2f3dfdb1463"
        hex"d566e01467471e5802d556b94d4e32c8a676c585914db9817e0a41511fd31979"
        hex"cdb9173ac0561ba0298119e063783c9c37a3084a042b77ac1f111a46d7d2c83b"
        hex"d4f33638983d118fb4a0be8874e4f3ab8f908bb085ca2d93da1b0bdd1208a407"
        hex"ed72cd5aff4b000ee1308b1b7be301dc16730f7c72c734d875289da1765f57cb"
        hex"122044fb6d9ee996b2a988ff73a24960a53b1345d5efcf2dd83a04400a5b1546"
        hex"370f9d58c9f5d2ffac01a90b5a2055e8918e16883d02483f634efc50ee143437";

    bytes private constant BLOCK_3 =
        hex"4e3d1673e34bc22927daa104317e13c85cb658bf2ba1305ef366bb2ea71c08dd"
        hex"4e3d1004eb63bbe5077aba14000033202312598845340138fb80000000000000"
        hex"370f9993e811c2133391ecbdce823d3c8133d8bf2ba1305ef29944d158e3f723"
        hex"122042a9f120d2dca4a1e3e7a5dfc683557b16883d02483f63b103af11ebcbc9"
        hex"ed72cb01c2cce973d328e5878c5d997675cd1345d5efcf2dd7c5fbbff5a4eaba"
        hex"d4f3329ea7d2fff7764904e9841cbc34b59d4f7c72c734d875d7625e89a0a835"
        hex"cdb911c0a25a1188a171423e8b1ac5f0b8a88bb085ca2d93d9e4f422edf75bf9"
        hex"d566e0c096591ba7468d617c9c8792e21a76084a042b77ac1eeee5b9282d37c5";

    bytes private constant BLOCK_4 =
        hex"e5141fea024e1e66d2e41c7eb2b1bca38a92c585914db9817ef5beaee02ce687"
        hex"f565976457c11bac0142de41c8b64fead6c083749686e31ec6fa2d0c2024eb9d"
        hex"01810f31802416064cb4bc8adb6f6a83f795020805bfab4cf0fcdedb62987b00"
        hex"07e0273b35420fb692403fd9e990405f1e81011f2f0559ef6afe690b1b608edc"
        hex"09745f641a160a2f597c9e66f3323e40b20ec094fd2a6420b4ff3cb7df3b5792"
        hex"0831af9417f3060c1c997521f9315cd9dc2940489c84ffdddaffa78878faf348"
        hex"05e5ffbd3143034e920325f1fc9fb3ca7c3e40213e71c34eeaffda2f2131c302"
        hex"03b40fda831d01abfa1f6beefe6fb12784d0800e4c4be8bd27fff0c122982f75";

    bytes private constant BLOCK_5 =
        hex"021377ecc71400c8921a79deff52b7a236674005c6e4bb34d8fffa349b886f26"
        hex"010d8ff6f17c00575152b2c9ffb9d9674f33400231531c5bf3fffdeca5eef90c"
        hex"007cbffc104f00235e69b3fdffe56d00a7f5c000c8257ef0a6ffff4cae034546"
        hex"0034f7fe6ad9000d58ad3940fff693796ec90000430a694d69ffffc6fffc8a09"
        hex"0014bfff68eb0004b2668de1fffcdec747f240001518646fdfffffeef08acbf3"
        hex"00077fffcbbb00018ada45b3ffff06bb2c300000063c5a593cfffffb31b8e987"
        hex"000287ffef2a00007921e063ffffb754707a000001bb4a8be4fffffeba40393b"
        hex"0000cffffaf0000022c051a8ffffec24418d80000073a3b0e4ffffffaf52676d";

    bytes private constant BLOCK_6 =
        hex"00003ffffe9a00000949ee3dfffffaea34670000001c56b24cffffffedb77031"
        hex"000017ffffa000000259159afffffec6f9f30000000686203efffffffca4e258";
}
