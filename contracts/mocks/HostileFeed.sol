// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Feed (or any other target of a read) that answers every call but those below in a hostile way.
contract HostileFeed {
    /// RAW: returns exactly the bytes it was given. REVERT_RAW: reverts with them. BURN: uses all its gas. BOMB: returns a megabyte, or as much as its
    /// gas pays for. REVERT_BOMB: reverts with it. FORWARD: asks another feed, as a proxy does. SWALLOW: the same, but a
    /// failure becomes five zero words.
    enum Mode {
        RAW,
        BURN,
        BOMB,
        REVERT_BOMB,
        FORWARD,
        SWALLOW,
        REVERT_RAW
    }

    uint256 private constant MEGABYTE = 2 ** 20;
    uint256 private constant BYTES_PER_GAS = 8;

    Mode public mode;
    bytes public raw;
    address public feed;
    /// @notice Gas that every answer uses up first.
    uint256 public work;

    // solhint-disable-next-line no-complex-fallback
    fallback() external {
        uint256 started = gasleft();
        uint256 work_ = work;
        while (started - gasleft() < work_) {}
        Mode mode_ = mode;
        bytes memory answer = raw;
        if (mode_ == Mode.BURN) {
            // The one use of `invalid`: it takes all gas there is.
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (mode_ == Mode.BOMB || mode_ == Mode.REVERT_BOMB) {
            uint256 size = gasleft() * BYTES_PER_GAS;
            if (size > MEGABYTE) size = MEGABYTE;
            bool reverts = mode_ == Mode.REVERT_BOMB;
            // Reaches beyond the free memory pointer and ends the call.
            assembly ("memory-safe") {
                if reverts {
                    revert(mload(0x40), size)
                }
                return(mload(0x40), size)
            }
        }
        if (mode_ == Mode.FORWARD || mode_ == Mode.SWALLOW) {
            bool answered;
            (answered, answer) = feed.staticcall(msg.data);
            if (!answered) {
                if (mode_ == Mode.FORWARD) {
                    assembly ("memory-safe") {
                        revert(add(answer, 0x20), mload(answer))
                    }
                }
                answer = new bytes(160);
            }
        }
        if (mode_ == Mode.REVERT_RAW) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }

    function setWork(uint256 gas_) external {
        work = gas_;
    }

    function decimals() external pure returns (uint8) {
        return 8;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setRaw(bytes calldata raw_) external {
        mode = Mode.RAW;
        raw = raw_;
    }

    function setFeed(address feed_, bool swallows) external {
        mode = swallows ? Mode.SWALLOW : Mode.FORWARD;
        feed = feed_;
    }
}
