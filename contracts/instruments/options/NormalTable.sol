// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice The distribution function of the normal distribution, by a table that the using contract carries in its code.
///
/// Segments a quarter wide from -6.5 to 6.5. A place is an integer: `2^44` to a segment, hence `2^46` to a unit, beginning
/// at -6.5. Its lowest 44 bits are `t`, the place within the segment, what is above them is the segment's number. On a
/// segment the function is a polynomial of degree five in `t`, its coefficients packed into one word:
///
///     bits     0-58   59-115  116-168  169-219  220-240  241-255
///              c0     c1      c2       c3       c4       c5
///     unit     2^-59  2^-59   2^-59    2^-59    2^-33    2^-30
///
/// all but c0 with a sign. A coefficient is read with the bits below it in the word as further digits; they are always the
/// same, and the table is made with them. Values agree where segments meet, to 2^-60, and slopes to 2^-57. Before the table
/// the function stays at 0, behind it at 1 less 2^-58; it is 1.3e-9 away from the distribution at most.
/// scripts/model/normal_table.py makes the table.
library NormalTable {
    /// @dev The place of zero: halfway.
    int256 internal constant ORIGIN = 26 << 44;
    /// @dev The last place.
    uint256 private constant LAST = (52 << 44) - 1;
    uint256 private constant T_MASK = 2 ** 44 - 1;

    /// @notice Copies the table into memory, for who evaluates it often.
    function load() internal pure returns (bytes memory table) {
        return bytes.concat(_block(0), _block(1), _block(2), _block(3), _block(4), _block(5), _block(6));
    }

    /// @notice The distribution function, in units of `2^-128`.
    /// @dev Horner's scheme with nothing rounded on the way: `t` has 44 bits, so each coefficient is read 44 bits higher than
    /// the one before, from units of `2^-36` for c5 to `2^-256` for c0. Left to the top of the word, right for sign and unit.
    /// @param place counted from -6.5; places outside of the table are its nearest end
    function cdf(int256 place) internal pure returns (uint256 probability) {
        assembly ("memory-safe") {
            place := mul(place, sgt(place, 0))
            if sgt(place, LAST) {
                place := LAST
            }
        }
        bytes memory words = _block(uint256(place) >> 47);
        assembly ("memory-safe") {
            let word := mload(add(add(words, 32), and(shr(39, place), 0xe0)))
            let t := and(place, T_MASK)
            probability := add(mul(sar(235, word), t), sar(188, shl(15, word)))
            probability := add(mul(probability, t), sar(140, shl(36, word)))
            probability := add(mul(probability, t), sar(94, shl(87, word)))
            probability := add(mul(probability, t), sar(46, shl(140, word)))
            probability := shr(128, add(mul(probability, t), shl(197, word)))
        }
    }

    /// @notice The density: the slope of `cdf`, in units of `2^-128`; 0 outside of the table.
    /// @param table as `load` gave it
    function density(bytes memory table, int256 place) internal pure returns (uint256 perUnit) {
        if (place < 0 || place > int256(LAST)) return 0;
        assembly ("memory-safe") {
            let word := mload(add(add(table, 32), shl(5, shr(44, place))))
            let t := and(place, T_MASK)
            perUnit := add(mul(mul(sar(235, word), 5), t), mul(sar(188, shl(15, word)), 4))
            perUnit := add(mul(perUnit, t), mul(sar(140, shl(36, word)), 3))
            perUnit := add(mul(perUnit, t), mul(sar(94, shl(87, word)), 2))
            perUnit := add(mul(perUnit, t), sar(46, shl(140, word)))
            // This is per segment, in units of 2^-212, and a unit has four segments.
            perUnit := shr(82, mul(perUnit, sgt(perUnit, 0)))
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
        hex"0000000000000004795e78000000124366f00000001258556800000000000000"
        hex"00000000000000139159720000005c6bb3b00000005a4c2a1800000005abf059"
        hex"00000000100000401ee38e000001f2b1d6b0000001a1880fc00000002084dd95"
        hex"00000000500000e30519ae000008af026ad000000715ac931800000097f06ecf"
        hex"000200011000027c9e03e4000026924e7d0000001ce8ec39300000028b18b4ef"
        hex"00080003c00007a9645400000092533f271000006ed2a2f8c000000a33aa2676"
        hex"0014000be00019c628c5420001f0b89b963000018f16964d1800002677e4a3e9"
        hex"0034002320004d7b13493400063fbc4d77f0000546191bf09800008881559002";

    bytes private constant BLOCK_1 =
        hex"007c00600000da3f5a6c8c0012d5cd24b7800010c29a5342d00001c805c79d8d"
        hex"010e00f2c0023e8728fecc003524115c6d600032095fbbe2e000059a9591be35"
        hex"02140235f00584c0a23f50008c49dfedd630008c54c716361000109ad634106f"
        hex"03b404be300ca23c2a6d16015a8b78fcdf800171b92ecb2a08002e5b2968356c"
        hex"05e60954301ae13ad81b1603209a1fa56ab0039312fa2a38700079f6f0e9c7bf"
        hex"083210bbf0350baf23622e06c09befc4d000084f9c70c7f208012e86fc1c2b52"
        hex"09741b281060d424eae9560d9d54deec12601227213fddb9a802c3bc3dd06a96"
        hex"07e0275a80a2dbf3e3ec56199ba2f97cbd00253f4a98d35d30061a410bc88ca5";

    bytes private constant BLOCK_2 =
        hex"018031beb0fb06745498982cdfab20357da047cbc156160dd80cb7a72a957143"
        hex"f566342b215faaa712ed864921597592c30082016fea1ae638190924f0c498c1"
        hex"e514272651b9c76d0cfe886e9373ba730130dd25a1b78e20c02e979f04428325"
        hex"d5660519d1e5808134e0049a9c63d0e902d16164536c6b4bc0520a8903d06870"
        hex"cdb9ceb011ba0256dc71acc6f07a981ff4d212810adafad2d888d236c3803238"
        hex"d4f38e261118fb27367b42e9c9e80d22fff2ec217287402e78d85ee894be454c"
        hex"ed7356bfd000ede2c8c008f7c604bbcd4903df1cb1c7b8cec944ed0bb6d9f786"
        hex"12213edb6e996ac6bc8f92e74494cb7a8ae4d1757becf68751d0220055f2816d";

    bytes private constant BLOCK_3 =
        hex"370f56327d2ffadb64262eb440ab3f0d4bd5a20f408a13235a77e28772cd9d81"
        hex"4e3d9cf8dc2292417de5fc62fc28c4f3df162fcae84352104335d97539fee878"
        hex"4e3e013adbbe501ae228220000682b84649662114cf741493400000000000000"
        hex"371064f9fc2132f672ee119d047be85452962fcae84352103cca268ac6011788"
        hex"1220aa7c4d2dca1e28303d4bbf8deb92d035a20f408a132355881d788d32627f"
        hex"ed72c070ae973d3a3270b318bb32cbab1544d1757becf687562fddffaa0d7e93"
        hex"d4f2a7a9efff779f4ffec908397737cbb143df1cb1c7b8cecebb12f44926087a"
        hex"cdb8702891188a587de9ab16358a8d0f5d92ec217287402e7727a1176b41bab4";

    bytes private constant BLOCK_4 =
        hex"d566302591ba74af5febd7390f24531dc55212810adafad2d7772dc93c7fcdc8"
        hex"e513fa8091e66d3be058b7656379016b42816164536c6b4bbfadf576fc2f9790"
        hex"f565d915f1babff7b7d835916ca06c18a330dd25a1b78e20bfd16860fbbd7cdb"
        hex"0181cc601160647aef3a91b6ded6a9c144f082016fea1ae637e6f6db0f3b673f"
        hex"07dfcecd50fb69448b5f05d32080105990f047cbc156160dd7f34858d56a8ebd"
        hex"0973d90680a2f5cca8c7ade6647b6e0951f0253f4a98d35d2ff9e5bef437735b"
        hex"0831e5060060c1b0f7ac29f262ba324818e01227213fddb9a7fd3c43c22f956a"
        hex"05e5ef4c5034e926be132bf93f6772d21720084f9c70c7f207fed17903e3d4ae";

    bytes private constant BLOCK_5 =
        hex"03b3f6a0c01abfb21c4f9dfcdf6202773890039312fa2a386fff86090f163841"
        hex"0213fb31c00c88f39b3b1dfea570409fff000171b92ecb2a07ffd1a4d697ca94"
        hex"010dfdbc600574ea25c867ff73b3b2b4a090008c54c716360fffef6529cbef91"
        hex"007bff0410023632591099ffcad87258e7200032095fbbe2dffffa656a6e41cb"
        hex"0033ff9ab000d5ee12c0bfffed24e9e0f5500010c29a5342cffffe37fa386273"
        hex"0013ffda40004b6928939ffff9bc239115c0000546191bf097ffff777eaa6ffe"
        hex"0007fff2f000187c64432dfffe0e7b58c1a000018f16964d17ffffd9881b5c17"
        hex"0001fffbd00007bf9dfe9fffff6daee112f000006ed2a2f8bffffff5cc55d98a";

    bytes private constant BLOCK_6 =
        hex"fffffffec000027605181bffffd6b88324e000001ce8ec392ffffffd74e74b11"
        hex"ffffffffa00000b31ee319fffff53a68d1d000000715ac9317ffffff680f9131"
        hex"fffffffff000002691595ffffffd7df3e8a0000001a1880fbfffffffdf7b226b"
        hex"0000000000000004795e7fffffff825bbd300000005a4c2a17fffffffa540fa7";
}
