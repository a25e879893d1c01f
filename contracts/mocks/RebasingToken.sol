// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Token all of whose balances its owner can scale at once, up or down.
contract RebasingToken {
    uint256 private constant ONE = 1e18;

    string public name;
    string public symbol;
    uint8 public immutable decimals;
    /// @notice Whoever deployed it.
    address public immutable owner;
    /// @notice What one share is worth. {tok/share, WAD}
    uint256 public index = ONE;
    /// @notice {share}
    uint256 public totalShares;
    /// @notice {share}
    mapping(address holder => uint256) public sharesOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Approval(address indexed holder, address indexed spender, uint256 amount);
    event Rebased(uint256 oldIndex, uint256 newIndex);

    error RebasingToken_NotOwner(address caller);
    error RebasingToken_InsufficientAllowance(address spender, uint256 allowance, uint256 amount);
    error RebasingToken_InsufficientBalance(address from, uint256 balance, uint256 amount);

    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
        owner = msg.sender;
    }

    /// @notice Multiplies all balances with `factorWad`; the owner alone may call.
    function rebase(uint256 factorWad) external {
        if (msg.sender != owner) revert RebasingToken_NotOwner(msg.sender);
        uint256 newIndex = (index * factorWad) / ONE;
        emit Rebased(index, newIndex);
        index = newIndex;
    }

    /// @notice Creates `amount` for `to`; anybody may call.
    function mint(address to, uint256 amount) external {
        uint256 shares = _toSharesUp(amount);
        totalShares += shares;
        sharesOf[to] += shares;
        emit Transfer(address(0), to, amount);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _transfer(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < amount) revert RebasingToken_InsufficientAllowance(msg.sender, allowed, amount);
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - amount;
        _transfer(from, to, amount);
        return true;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function balanceOf(address holder) public view returns (uint256) {
        return _toAmountDown(sharesOf[holder]);
    }

    function totalSupply() external view returns (uint256) {
        return _toAmountDown(totalShares);
    }

    function _transfer(address from, address to, uint256 amount) private {
        uint256 shares = _toSharesUp(amount);
        if (sharesOf[from] < shares) revert RebasingToken_InsufficientBalance(from, balanceOf(from), amount);
        sharesOf[from] -= shares;
        sharesOf[to] += shares;
        emit Transfer(from, to, amount);
    }

    function _toAmountDown(uint256 shares) private view returns (uint256) {
        return (shares * index) / ONE;
    }

    function _toSharesUp(uint256 amount) private view returns (uint256) {
        return (amount * ONE + index - 1) / index;
    }
}
